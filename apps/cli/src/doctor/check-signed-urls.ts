import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import { checkClock } from './check-clock.js';
import { fail, ok, reasonOf, warn, type Finding } from './finding.js';
import { probeBody } from './probe-object.js';

const timeoutMs = 5_000;
const ttlSeconds = 60;
/** The Date header has whole seconds. */
const dateGrainMs = 1_000;

/** Signed URLs of an object that is there and of one that is to come, and the clock of whoever answers them. */
export async function checkSignedUrls(
  storage: ObjectStorage,
  keys: { read: string; upload: string },
  now: () => number,
): Promise<Finding[]> {
  const { url } = await storage.signedUrl(keys.read, ttlSeconds);
  const { host } = new URL(url);
  const askedMs = now();
  let answer: Response;
  let body: Buffer;
  try {
    answer = await send(url);
    body = Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    const mend = `clients must reach ${host}: publicEndpoint of an s3:// STORAGE_URL, PUBLIC_URL of a file:// one, whose API must run`;
    return [warn('storage signed url', `${host} does not answer here: ${reasonOf(error)}`, mend)];
  }
  const findings = [
    answer.ok && probeBody.equals(body)
      ? ok('storage signed url', `${host} answers it with the object`)
      : fail(
          'storage signed url',
          `${host} answers it with ${answer.status}`,
          'credentials, region and clock must be right, and a proxy must keep host and path; of a file:// storage URL_SIGNING_KEY must be the API’s',
        ),
  ];
  const date = Date.parse(answer.headers.get('date') ?? '');
  if (!Number.isNaN(date)) {
    const answeredMs = now();
    const reading = { theirsMs: date + dateGrainMs / 2, oursMs: (askedMs + answeredMs) / 2 };
    findings.push(checkClock('storage', { ...reading, uncertaintyMs: (answeredMs - askedMs) / 2 + dateGrainMs / 2 }));
  }
  return [...findings, await checkPrivacy(url), await checkUpload(storage, keys.upload)];
}

async function checkPrivacy(signedUrl: string): Promise<Finding> {
  const unsigned = new URL(signedUrl);
  unsigned.search = '';
  const answer = await send(unsigned.href);
  await answer.body?.cancel();
  if (!answer.ok) return ok('storage privacy', 'nothing is read without a signature');
  return fail(
    'storage privacy',
    'anyone can read objects without a signature',
    'take public access off the bucket: results are private to their tenant',
  );
}

async function checkUpload(storage: ObjectStorage, key: string): Promise<Finding> {
  const check = 'storage upload url';
  const { url } = await storage.signedPutUrl(key, ttlSeconds);
  const answer = await send(url, { method: 'PUT', body: new Uint8Array(probeBody) });
  await answer.body?.cancel();
  const stored = answer.ok ? await storage.get(key) : null;
  if (stored !== null && probeBody.equals(stored)) return ok(check, 'an upload by signed URL arrives');
  return fail(
    check,
    `an upload by signed URL is answered with ${answer.status}`,
    'POST /v1/uploads needs presigned PUTs: allow them in the bucket’s policy',
  );
}

const send = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
