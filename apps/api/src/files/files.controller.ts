import { Controller, Get, Put, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import express, { type Request, type Response } from 'express';
import { inputImageLimits } from '@app/common/contracts/input-image.js';
import { runParser } from '../http/run-parser.js';
import { SignedFiles, type FileUrl } from './signed-files.js';

const readBytes = express.raw({ limit: inputImageLimits.bytes, type: () => true });

@ApiExcludeController()
@Controller('files')
export class FilesController {
  constructor(private readonly files: SignedFiles) {}

  @Get('*key')
  async read(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { body, info } = await this.files.open(fileUrlOf(request));
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

  /** An upload to a `file://` storage. */
  @Put('*key')
  async write(@Req() request: Request, @Res() response: Response): Promise<void> {
    const url = fileUrlOf(request);
    // First: nobody's body is read without a URL that holds.
    this.files.check('PUT', url);
    await runParser(readBytes, request, response);
    await this.files.put(url.key, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    response.status(200).end();
  }
}

/** Keys hold nothing that a URL escapes, so the path as it was sent is the key, or was never signed. */
const fileUrlOf = ({ path, query }: Request): FileUrl => ({
  key: path.slice('/files/'.length),
  expires: textOf(query.expires),
  signature: textOf(query.signature),
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
