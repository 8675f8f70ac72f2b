import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { fileURLToPath } from 'node:url';
import { StorageOrigin } from './storage-origin.js';

/** The page and what it loads: served as it stands, built by nothing. */
export const pageFolder = fileURLToPath(new URL('./page/', import.meta.url));

/** The page to try the service in a browser. It holds no secret: its calls carry the key that its reader gives it. */
@ApiExcludeController()
@Controller()
export class PlaygroundController {
  constructor(private readonly storage: StorageOrigin) {}

  @Get()
  async page(@Res() response: Response): Promise<void> {
    const pictures = await this.storage.get();
    response.set(
      'content-security-policy',
      [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        `img-src 'self' blob: ${pictures}`,
        `connect-src 'self' ${pictures}`,
        "require-trusted-types-for 'script'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    );
    response.sendFile('index.html', { root: pageFolder, cacheControl: false });
  }
}
