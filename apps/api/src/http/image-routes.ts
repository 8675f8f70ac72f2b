import type { Request } from 'express';

const paths = /^\/v1\/(generations|edits|images\/generations|images\/edits)\/?$/i;

/**
 * Whether a request's body may carry images. Such a body is large, so it is read by the route itself (`ImageBody`), after
 * the API key, or the URL's signature, was checked.
 */
export const mayCarryImages = ({ method, path }: Pick<Request, 'method' | 'path'>): boolean =>
  (method === 'POST' && paths.test(path)) || (method === 'PUT' && path.startsWith('/files/'));
