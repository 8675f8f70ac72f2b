import { createHmac, timingSafeEqual } from 'node:crypto';

const signatureOf = (signingKey: string, key: string, expires: number): string =>
  createHmac('sha256', signingKey).update(`${key}\n${expires}`).digest('base64url');

/** A URL of the API's file route, valid for this key until `expires` (seconds since the epoch). */
export function signFileUrl(publicUrl: string, signingKey: string, key: string, expires: number): string {
  return `${publicUrl}/files/${key}?expires=${expires}&signature=${signatureOf(signingKey, key, expires)}`;
}

/** Whether a file URL's parameters were signed here and have not expired; compares in constant time. */
export function fileUrlHolds(
  signingKey: string,
  url: { key: string; expires: string; signature: string },
  nowMs = Date.now(),
): boolean {
  if (!/^\d{1,12}$/.test(url.expires)) return false;
  const expires = Number(url.expires);
  const wanted = Buffer.from(signatureOf(signingKey, url.key, expires));
  const given = Buffer.from(url.signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted) && nowMs < expires * 1000;
}
