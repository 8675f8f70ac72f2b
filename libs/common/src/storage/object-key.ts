import { ServiceError } from '../errors.js';

/** The key is not one this service makes; nothing was read or written. */
export class ObjectKeyInvalid extends ServiceError {
  readonly code = 'object_key_invalid';
}

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/**
 * The segments of an object key (`tenant/job/0.png`). No segment begins with a dot or holds a separator, so a key can
 * leave neither a folder nor a URL path. Throws {@link ObjectKeyInvalid}.
 */
export function keySegments(key: string): string[] {
  const segments = key.split('/');
  if (key.length > 512 || !segments.every((part) => segment.test(part))) {
    throw new ObjectKeyInvalid(`not an object key: ${JSON.stringify(key.slice(0, 80))}`);
  }
  return segments;
}
