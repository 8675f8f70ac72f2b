import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { GenerationBody } from '@app/common/contracts/generation.js';
import { isTerminal } from '@app/common/contracts/job-states.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { untilClosed } from '../http/client-signal.js';
import { ApiProblems } from '../http/openapi.js';
import { JobDocuments } from '../jobs/job-documents.js';
import { GenerationService } from './generation-service.js';
import { checkIdempotencyKey } from './idempotency-key.js';
import { preferredWaitSeconds } from './prefer.js';

@ApiTags('generations')
@Controller('v1/generations')
export class GenerationsController {
  constructor(
    private readonly generations: GenerationService,
    private readonly documents: JobDocuments,
  ) {}

  @Post()
  @HttpCode(202)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'createGeneration', summary: 'Make images from a prompt' })
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=N`: answer with the finished job within N ≤ 60 s' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes a repeated POST safe for 24 hours' })
  @ApiResponse({ status: 200, description: 'The job, finished while the client waited', standardSchema: JobDocument })
  @ApiResponse({ status: 202, description: 'The job, accepted', standardSchema: JobDocument })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 429, 503)
  async create(
    @Body({ schema: GenerationBody }) body: GenerationBody,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobDocument> {
    checkIdempotencyKey(idempotencyKey);
    const accepted = await this.generations.accept(caller, body, idempotencyKey);
    response.location(`/v1/jobs/${accepted.record.id}`);
    if (accepted.replayed) response.set('idempotent-replayed', 'true');

    const waitSeconds = preferredWaitSeconds(prefer);
    if (waitSeconds === 0) return this.documents.of(accepted.record);
    const signal = AbortSignal.any([untilClosed(response), AbortSignal.timeout(waitSeconds * 1000)]);
    const record = await this.generations.settled(accepted.record, signal);
    response.set('preference-applied', `wait=${waitSeconds}`);
    if (isTerminal(record.state)) response.status(200);
    return this.documents.of(record);
  }
}
