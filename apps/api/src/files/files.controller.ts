import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { SignedFiles } from './signed-files.js';

@ApiExcludeController()
@Controller('files')
export class FilesController {
  constructor(private readonly files: SignedFiles) {}

  @Get('*key')
  async read(
    @Query('expires') expires: unknown,
    @Query('signature') signature: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // Keys hold nothing that a URL escapes, so the path as it was sent is the key, or was never signed.
    const key = request.path.slice('/files/'.length);
    const { body, info } = await this.files.open({ key, expires: textOf(expires), signature: textOf(signature) });
    response.set({
      'content-type': info.contentType,
      'content-length': String(info.bytes),
      'content-disposition': 'inline',
      'cache-control': 'private, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'cross-origin',
      etag: `"${info.sha256}"`,
    });
    response.end(body);
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
