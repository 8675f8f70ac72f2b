import type { NextFunction, Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import { inputImageLimits } from '@app/common/contracts/input-image.js';
import { noteBodyBytes } from './body-bytes.js';
import { invalidField, Problem } from './problems.js';

const maxImages = 4;
const imageParts = ['image', 'image[]', 'images', 'images[]'];
/** Their value is text whatever it looks like; any other field is JSON if it can be read as such. */
const textFields = ['prompt', 'negative_prompt', 'model', 'user', 'safety_identifier'];

const parse = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: inputImageLimits.bytes, files: maxImages + 1, fields: 64, fieldSize: 64_000, fieldNameSize: 100 },
}).any();

/**
 * Reads a form into the body that JSON would have had: `image`, `image[]` or `images` parts become data URLs in `images`,
 * a `mask` part in `mask`.
 */
export function multipartBody(request: Request, response: Response, next: NextFunction): void {
  void parse(request, response, (error: unknown) => {
    try {
      if (error !== undefined && error !== null) throw problemOf(error);
      const files = request.files as Express.Multer.File[];
      noteBodyBytes(
        request,
        files.reduce((bytes, { size }) => bytes + size, 0),
      );
      request.body = bodyOf(request.body as Record<string, unknown>, files);
      next();
    } catch (problem) {
      next(problem);
    }
  });
}

function bodyOf(fields: Record<string, unknown>, files: readonly Express.Multer.File[]): Record<string, unknown> {
  const body = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueOf(name, value)]));
  const images: string[] = [];
  for (const { fieldname, buffer } of files) {
    const dataUrl = `data:;base64,${buffer.toString('base64')}`;
    if (imageParts.includes(fieldname)) images.push(dataUrl);
    else if (fieldname === 'mask' && body.mask === undefined) body.mask = dataUrl;
    else throw invalidField(fieldname, fieldname === 'mask' ? 'must be there once' : 'is no part that takes a file');
  }
  if (images.length > 0) {
    if (body.images !== undefined) throw invalidField('images', 'must be files or texts, not both');
    body.images = images;
  }
  return body;
}

function valueOf(name: string, value: unknown): unknown {
  // What is there twice comes as a list.
  if (Array.isArray(value) && name !== 'images') throw invalidField(name, 'must be there once');
  if (typeof value !== 'string' || textFields.includes(name)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof MulterError)) return new Problem('invalid_multipart');
  if (error.code === 'LIMIT_FILE_COUNT') return invalidField('images', `must be at most ${maxImages}`);
  const field = error.field ?? 'body';
  if (error.code !== 'LIMIT_FILE_SIZE') return invalidField(field, error.message.toLowerCase());
  const message = `has more than ${inputImageLimits.bytes} bytes`;
  return new Problem('image_too_large', `${field} ${message}`, { errors: [{ field, message }] });
}
