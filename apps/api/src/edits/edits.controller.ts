import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { EditBody } from '@app/common/contracts/generation.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { AcceptedJobs } from '../generations/accepted-jobs.js';
import { ApiIdempotencyKey } from '../generations/idempotency-key.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ImageBody } from '../http/image-body.js';
import { acceptProblems, ApiProblems } from '../http/openapi-problems.js';

@ApiTags('edits')
@Controller('v1/edits')
export class EditsController {
  constructor(private readonly answers: AcceptedJobs) {}

  @Post()
  @HttpCode(202)
  @RequireScope('generate')
  @ImageBody({ multipart: true })
  @ApiOperation({ operationId: 'createEdit', summary: 'Edit one to four images by an instruction' })
  @ApiConsumes('application/json', 'multipart/form-data')
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=N`: answer with the finished job within N ≤ 60 s' })
  @ApiIdempotencyKey()
  @ApiResponse({ status: 200, description: 'The job, finished while the client waited', standardSchema: JobDocument })
  @ApiResponse({ status: 202, description: 'The job, accepted', standardSchema: JobDocument })
  @ApiProblems(...acceptProblems, 'invalid_multipart', 'webhook_url_refused', 'put_url_refused')
  create(
    @Body({ schema: EditBody }) body: EditBody,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDocument> {
    return this.answers.accept({ kind: 'edit', body }, caller, { idempotencyKey, prefer }, response);
  }
}
