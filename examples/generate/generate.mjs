/** node generate.mjs PROMPT FILE: one picture, by ZIMAGE_URL and ZIMAGE_API_KEY. No packages. */
import { writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';

const { ZIMAGE_URL: url, ZIMAGE_API_KEY: key } = process.env;
const [prompt, file] = process.argv.slice(2);

const headers = {
  Authorization: `Bearer ${key}`,
  'Content-Type': 'application/json',
  // A call that is repeated after a lost answer gets the same job.
  'Idempotency-Key': randomUUID(),
  // The answer is the finished job when it takes no longer than this.
  Prefer: 'wait=30',
};
let job = await read(
  await fetch(`${url}/v1/generations`, { method: 'POST', headers, body: JSON.stringify({ prompt }) }),
);
while (['queued', 'running'].includes(job.state)) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  job = await read(await fetch(`${url}/v1/jobs/${job.id}`, { headers: { Authorization: headers.Authorization } }));
}
if (job.state !== 'succeeded') throw new Error(`${job.id} ${job.state}: ${job.error?.message ?? ''}`);

const [image] = job.images;
// Signed, and good for some minutes; reading the job again signs a new one. No key is sent along.
const answer = await fetch(image.url);
if (!answer.ok) throw new Error(`${answer.status} for the image`);
await writeFile(file, new Uint8Array(await answer.arrayBuffer()));
console.log(`${file}: ${image.width} × ${image.height}, seed ${image.seed}, ${job.timings.compute_ms} ms`);

/** Errors are problem+json (RFC 9457): `code` is for programs, `detail` for people. */
async function read(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${body.code}: ${body.detail}`);
  return body;
}
