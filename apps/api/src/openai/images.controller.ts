import { applyDecorators, Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ImageBody } from '../http/image-body.js';
import { ImagesEditBody, ImagesGenerationBody } from './image-bodies.js';
import { ImagesAnswer } from './images-answer.js';
import { editCall, generationCall } from './images-call.js';
import { ImagesService } from './images-service.js';
import { ApiOpenAiErrors } from './openai-error.js';

/** What both routes say of themselves in OpenAPI. Above `RequireScope`, whose problems have another form here. */
const ImagesRoute = (): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    ApiHeader({
      name: 'x-stainless-retry-count',
      required: false,
      description: "OpenAI's clients: a retry finds its job",
    }),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes a repeated POST safe for 24 hours' }),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({ status: 200, description: 'The images', standardSchema: ImagesAnswer }),
    ApiOpenAiErrors(400, 401, 403, 409, 413, 415, 429, 500, 503, 504),
  );

@ApiTags('openai')
@Controller('v1/images')
export class ImagesController {
  constructor(private readonly images: ImagesService) {}

  @Post('generations')
  @ImagesRoute()
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
  @ImagesRoute()
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
