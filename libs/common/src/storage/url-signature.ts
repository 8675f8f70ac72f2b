import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a URL of the API's file route is good for. `expires`: seconds since the epoch. */
export interface FileGrant {
  method: 'GET' | 'PUT';
  key: string;
  expires: number;
}

const signatureOf = (signingKey: string, { method, key, expires }: FileGrant): string =>
  createHmac('sha256', signingKey).update(`${method}\n${key}\n${expires}`).digest('base64url');

/** A URL of the API's file route, valid for this method and key until it expires. */
export function signFileUrl(publicUrl: string, signingKey: string, grant: FileGrant): string {
  const { key, expires } = grant;
  return `${publicUrl}/files/${key}?expires=${expires}&signature=${signatureOf(signingKey, grant)}`;
}

/** Whether a file URL's parameters were signed here and have not expired; compares in constant time. */
export function fileUrlHolds(
  signingKey: string,
  url: Pick<FileGrant, 'method' | 'key'> & { expires: string; signature: string },
  nowMs = Date.now(),
): boolean {
  if (!/^\d{1,12}$/.test(url.expires)) return false;
  const expires = Number(url.expires);
  const wanted = Buffer.from(signatureOf(signingKey, { method: url.method, key: url.key, expires }));
  const given = Buffer.from(url.signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted) && nowMs < expires * 1000;
}
