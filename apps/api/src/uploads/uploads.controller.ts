import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@app/common/auth/scopes.js';
import { inputImageLimits } from '@app/common/contracts/input-image.js';
import { InputStore } from '@app/common/input-images/input-store.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ApiProblems, bodyProblems } from '../http/openapi-problems.js';
import { Upload } from './upload.js';

@ApiTags('uploads')
@Controller('v1/uploads')
export class UploadsController {
  constructor(private readonly inputs: InputStore) {}

  @Post()
  @HttpCode(201)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'createUpload', summary: 'A URL to PUT an input image to' })
  @ApiResponse({ status: 201, description: 'The place for one image', standardSchema: Upload })
  @ApiProblems(...bodyProblems)
  async create(@CallerOf() caller: Caller): Promise<Upload> {
    const { id, url, expiresAt } = await this.inputs.newUpload(caller.tenant);
    return {
      id,
      url,
      method: 'PUT',
      headers: {},
      expires_at: expiresAt.toISOString(),
      max_bytes: inputImageLimits.bytes,
    };
  }
}
