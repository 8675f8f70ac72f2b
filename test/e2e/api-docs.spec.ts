import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Fleet } from '../fleet/fleet.mjs';

interface Block {
  language: string;
  text: string;
}

const blocks: Block[] = [...readFileSync('docs/api.md', 'utf8').matchAll(/^```(\w+)\n([^]*?)\n```$/gm)].map(
  ([, language, text]) => ({ language: language!, text: text! }),
);
/** Each call with the answer that the page shows below it. */
const calls = blocks.flatMap(({ language, text }, i) => (language === 'sh' ? [[text, blocks[i + 1]] as const] : []));

/** What the page writes: `…` is anything. */
const pattern = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')}$`, 's');

describe('docs/api.md', () => {
  let fleet: Fleet;
  let job = '';
  beforeAll(async () => {
    fleet = await Fleet.start();
  });
  afterAll(() => fleet.stop());

  const run = async (command: string): Promise<string> => {
    const env = { ...process.env, ZIMAGE_URL: fleet.url, ZIMAGE_API_KEY: fleet.key, JOB: job };
    return (await promisify(execFile)('bash', ['-c', command], { env, maxBuffer: 8 << 20 })).stdout;
  };

  it('has an answer below each call', () => {
    expect(calls.length).toBeGreaterThan(4);
    expect(blocks.length).toBe(2 * calls.length);
  });

  it.each(calls)('%s', async (command, answer) => {
    const output = await run(command);
    if (answer!.language === 'json') {
      const json = JSON.parse(output) as { id: string };
      job ||= json.id;
      expect(json).toMatchObject(expected(JSON.parse(answer!.text)) as object);
    } else {
      const lines = output.split('\n');
      for (const line of answer!.text.split('\n')) expect(lines).toContainEqual(expect.stringMatching(pattern(line)));
    }
  });
});

/** An answer as the page writes it, as a matcher. */
function expected(value: unknown): unknown {
  if (typeof value === 'string') return expect.stringMatching(pattern(value));
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, expected(field)]));
}
