import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, RequestHandler, Response } from 'express';
import type { Observable } from 'rxjs';
import { maxBodyBytes } from '@app/common/contracts/model-catalog.js';
import { jsonBody } from './json-body.js';
import { multipartBody } from './multipart-body.js';
import { boundedNesting } from './nesting.js';
import { fieldProblem, Problem } from './problems.js';
import { runParser } from './run-parser.js';

const multipartMetadata = 'multipart-body';
/** Bodies with images that a process holds at once. */
const maxHeldBytes = 256_000_000;

/** A body that may carry images: JSON, and with `multipart` a form whose file parts become data URLs in `images` and `mask`. */
export const ImageBody = (options: { multipart: boolean }): MethodDecorator =>
  applyDecorators(SetMetadata(multipartMetadata, options.multipart), UseInterceptors(ImageBodyReader));

const json = jsonBody({ limit: maxBodyBytes });

const wrongType = (takesForms: boolean): Problem =>
  fieldProblem(
    'unsupported_media_type',
    'Content-Type',
    `must be application/json${takesForms ? ' or multipart/form-data' : ''}`,
  );

/** Reads the bodies of {@link ImageBody} routes, after the guards, as long as there is memory for them. */
@Injectable()
export class ImageBodyReader implements NestInterceptor {
  private heldBytes = 0;

  constructor(private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const parsers: RequestHandler[] = [json, boundedNesting];
    const takesForms = this.reflector.get<boolean>(multipartMetadata, context.getHandler());
    if (request.is('multipart/form-data') && takesForms) parsers[0] = multipartBody;
    else if (request.is('json') === false) throw wrongType(takesForms);
    this.hold(Number(request.headers['content-length'] ?? maxBodyBytes), response);
    for (const parse of parsers) await runParser(parse, request, response);
    return next.handle();
  }

  private hold(bytes: number, response: Response): void {
    if (bytes > maxBodyBytes) throw new Problem('body_too_large');
    if (this.heldBytes + bytes > maxHeldBytes) throw new Problem('inputs_busy', undefined, {}, { 'retry-after': '2' });
    this.heldBytes += bytes;
    response.once('close', () => (this.heldBytes -= bytes));
  }
}
