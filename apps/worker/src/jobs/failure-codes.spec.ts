import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const sourcesOf = (folder: string): string[] =>
  readdirSync(resolve(folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => readFileSync(join(resolve(folder), name), 'utf8'));
const codesIn = (folder: string, pattern: RegExp): string[] =>
  sourcesOf(folder).flatMap((source) => [...source.matchAll(pattern)].map(([, code]) => code!));

/** Errors of one request that its engine reports, by the folders that make them. */
const engineCodes = ['pipelines', 'image', 'tokenizer', 'session'].flatMap((folder) =>
  codesIn(`libs/inference/src/${folder}`, /^ {2}readonly code = '(\w+)'/gm),
);
/** What the worker adds: codes it writes into a document itself, and the fallbacks of both processes. */
const workerCodes = [
  ...codesIn('apps/worker/src/jobs', /failure\('(\w+)'/g),
  ...codesIn('apps/worker/src/jobs', /code \?\? '(\w+)'/g),
  ...codesIn('apps/worker/src/jobs', /code: '(\w+)', message/g),
  ...codesIn('apps/worker/src/engine-host', /code : '(\w+)'/g),
];
const others = ['engine_crashed', 'out_of_memory', 'input_missing', 'storage_unavailable'];

it('are all explained in docs/api.md, each with what to do, and no others', () => {
  const [, section] = /^### Why a job fails$([^]+?)^## /m.exec(readFileSync(resolve('docs/api.md'), 'utf8'))!;
  const documented = [...section!.matchAll(/^\| `(\w+)` +\| \w[^|]+\| \w[^|]+\|$/gm)].map(([, code]) => code!);
  expect(workerCodes.sort()).toEqual(['engine_failed', 'internal', 'payload_unsupported', 'worker_lost']);
  expect(documented.sort()).toEqual([...new Set([...engineCodes, ...workerCodes, ...others])].sort());
});
