import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { problems } from './problems.js';

it('are all explained in docs/api.md, each beside its status, and no others', () => {
  const rows = readFileSync(resolve('docs/api.md'), 'utf8').matchAll(/^\| (\d{3}) +\| ([^|]+)\|/gm);
  const documented = [...rows].flatMap(([, status, codes]) =>
    [...codes!.matchAll(/`(\w+)`/g)].map(([, code]) => `${status} ${code}`),
  );
  expect(documented.sort()).toEqual(
    Object.entries(problems)
      .map(([code, { status }]) => `${status} ${code}`)
      .sort(),
  );
});
