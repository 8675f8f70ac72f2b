import type { IncomingMessage } from 'node:http';

const sizes = new WeakMap<IncomingMessage, number>();

/** Called by whoever reads a body, once it is read. */
export const noteBodyBytes = (request: IncomingMessage, bytes: number): void => void sizes.set(request, bytes);

/** Bytes of the body that was read: of a form, those of its files. */
export const bodyBytesOf = (request: IncomingMessage): number => sizes.get(request) ?? 0;
