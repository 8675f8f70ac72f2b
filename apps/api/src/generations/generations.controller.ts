import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { GenerationBody } from '@app/common/contracts/generation.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ImageBody } from '../http/image-body.js';
import { acceptProblems, ApiProblems } from '../http/openapi-problems.js';
import { AcceptedJobs } from './accepted-jobs.js';
import { ApiIdempotencyKey } from './idempotency-key.js';

@ApiTags('generations')
@Controller('v1/generations')
export class GenerationsController {
  constructor(private readonly answers: AcceptedJobs) {}

  @Post()
  @HttpCode(202)
  @RequireScope('generate')
  @ImageBody({ multipart: false })
  @ApiOperation({
    operationId: 'createGeneration',
    summary: 'Make images from a prompt, from an image, or anew in a part of one',
  })
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=N`: answer with the finished job within N ≤ 60 s' })
  @ApiIdempotencyKey()
  @ApiResponse({ status: 200, description: 'The job, finished while the client waited', standardSchema: JobDocument })
  @ApiResponse({ status: 202, description: 'The job, accepted', standardSchema: JobDocument })
  @ApiProblems(...acceptProblems, 'webhook_url_refused', 'put_url_refused')
  async create(
    @Body({ schema: GenerationBody }) body: GenerationBody,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDocument> {
    return this.answers.accept({ kind: 'generation', body }, caller, { idempotencyKey, prefer }, response);
  }
}
