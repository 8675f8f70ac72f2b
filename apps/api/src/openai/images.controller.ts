import { applyDecorators, Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { ApiIdempotencyKey } from '../generations/idempotency-key.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ImageBody } from '../http/image-body.js';
import { acceptProblems, ApiProblems } from '../http/openapi-problems.js';
import { ApiEvents } from '../http/openapi-streams.js';
import type { ProblemCode } from '../http/problems.js';
import { ImagesEditBody, ImagesGenerationBody } from './image-bodies.js';
import { ImagesAnswer } from './images-answer.js';
import { editCall, generationCall, type ImagesCall } from './images-call.js';
import { ImagesService } from './images-service.js';

/** What both routes say of themselves in OpenAPI. */
const ImagesRoute = (events: ImagesCall['events'], ...problems: ProblemCode[]): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    ApiHeader({
      name: 'x-stainless-retry-count',
      required: false,
      description: "OpenAI's clients: a retry finds its job",
    }),
    ApiIdempotencyKey(),
    ApiResponse({ status: 200, description: 'The images; with `stream` as events', standardSchema: ImagesAnswer }),
    ApiEvents({ types: [`${events}.partial_image`, `${events}.completed`, 'error'], data: 'ImageStreamEvent' }),
    ApiProblems(...acceptProblems, ...problems, 'job_failed', 'job_canceled', 'job_expired', 'job_unfinished'),
  );

@ApiTags('openai')
@Controller('v1/images')
export class ImagesController {
  constructor(private readonly images: ImagesService) {}

  @Post('generations')
  @ImagesRoute('image_generation')
  @RequireScope('generate')
  @ImageBody({ multipart: false })
  @ApiOperation({ operationId: 'openAiGenerate', summary: 'OpenAI Images: make images from a prompt' })
  generate(
    @Body({ schema: ImagesGenerationBody }) body: ImagesGenerationBody,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Headers('x-stainless-retry-count') retryCount: string | undefined,
    @CallerOf() caller: Caller,
    @Res() response: Response,
  ): Promise<void> {
    return this.images.answer(generationCall(body), caller, { idempotencyKey, retryCount }, response);
  }

  @Post('edits')
  @ImagesRoute('image_edit', 'invalid_multipart')
  @RequireScope('generate')
  @ImageBody({ multipart: true })
  @ApiConsumes('application/json', 'multipart/form-data')
  @ApiOperation({ operationId: 'openAiEdit', summary: 'OpenAI Images: edit images, or make a part of one anew' })
  edit(
    @Body({ schema: ImagesEditBody }) body: ImagesEditBody,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Headers('x-stainless-retry-count') retryCount: string | undefined,
    @CallerOf() caller: Caller,
    @Res() response: Response,
  ): Promise<void> {
    return this.images.answer(editCall(body), caller, { idempotencyKey, retryCount }, response);
  }
}
