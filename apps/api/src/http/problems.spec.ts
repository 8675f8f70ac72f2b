import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { problems } from './problems.js';

it('are all explained in docs/api.md, each in a row with its status and what to do, and no others', () => {
  const rows = readFileSync(resolve('docs/api.md'), 'utf8').matchAll(
    /^\| (\d{3}) +\| `(\w+)` +\| \w[^|]+\| \w[^|]+\|$/gm,
  );
  expect([...rows].map(([, status, code]) => `${status} ${code}`).sort()).toEqual(
    Object.entries(problems)
      .map(([code, { status }]) => `${status} ${code}`)
      .sort(),
  );
});
