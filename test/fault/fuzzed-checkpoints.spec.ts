import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CheckpointError, inspectCheckpoint } from '@app/inference';
import { openPipeline } from '../../libs/inference/src/open-pipeline.js';
import { writeRandomCheckpoint } from '../support/random-checkpoint.js';

const folder = mkdtempSync(join(tmpdir(), 'zimage-fuzzed-'));
const intact = join(folder, 'intact');
const checkpoint = join(folder, 'checkpoint');

beforeAll(() => {
  writeRandomCheckpoint('edit', intact);
  rmSync(join(intact, 'case'), { recursive: true });
  rmSync(join(intact, 'weights.json'));
  cpSync(intact, checkpoint, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const hostileValues = [null, true, -1, 0, 0.5, 2 ** 31, 2 ** 53, 1e308, '', '../../x', 'a\n\u001b[2J', [], [[]], {}];

/** How one file is damaged; `at` picks a place in it. */
const damages: Record<string, (bytes: Buffer, at: number, value: unknown) => Buffer> = {
  'a flipped bit': (bytes, at) => {
    // In a weights file most bytes are numbers: damage its header.
    const place = Math.floor(at * Math.min(bytes.length, 4096));
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (Math.floor(at * 1e6) % 8)), place);
    return bytes;
  },
  'a cut end': (bytes, at) => bytes.subarray(0, Math.floor(at * bytes.length)),
  'more bytes': (bytes, at) => Buffer.concat([bytes, Buffer.alloc(1 + Math.floor(at * 100), 0x7b)]),
  'another value': (bytes, at, value) => inJson(bytes, at, value),
  'a lost key': (bytes, at) => inJson(bytes, at, undefined),
  'a key twice': (bytes, at, value) => {
    const text = jsonOf(bytes);
    const keys = Object.keys(JSON.parse(text) as object);
    const key = JSON.stringify(keys[Math.floor(at * keys.length)] ?? '');
    return withJson(bytes, text.replace(/}\s*$/, `,${key}:${JSON.stringify(value)}}`));
  },
  'another root': (bytes, _, value) => withJson(bytes, JSON.stringify(value)),
  'a deep root': (bytes) => withJson(bytes, `${'{"a":['.repeat(20_000)}${']}'.repeat(20_000)}`),
};

const isWeights = (bytes: Buffer): boolean => bytes.at(0) !== 0x7b;
const jsonOf = (bytes: Buffer): string =>
  isWeights(bytes) ? bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE())) : bytes.toString();

function withJson(bytes: Buffer, json: string): Buffer {
  const text = Buffer.from(json);
  if (!isWeights(bytes)) return text;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, bytes.subarray(8 + Number(bytes.readBigUInt64LE()))]);
}

function inJson(bytes: Buffer, at: number, value: unknown): Buffer {
  const json: unknown = JSON.parse(jsonOf(bytes));
  setAt(json, at, value);
  return withJson(bytes, JSON.stringify(json));
}

/** Walks down from the root, by `at`, to a field, and sets it. */
function setAt(json: unknown, at: number, value: unknown): void {
  const node = json as Record<string, unknown>;
  const keys = Object.keys(node);
  const place = at * keys.length;
  const key = keys[Math.floor(place)];
  if (key === undefined) return;
  const child = node[key];
  const hasFields = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
  const rest = place - Math.floor(place);
  if (hasFields && rest > 0.3) setAt(child, (rest - 0.3) / 0.7, value);
  else node[key] = value;
}

/** What opening the damaged checkpoint ends in; a tokenizer or schedule is read before the networks, which are missing then. */
async function open(file: string): Promise<unknown> {
  const readFirst = /^(tokenizer|scheduler)\//.test(file);
  try {
    if (!readFirst) inspectCheckpoint(checkpoint, { tokenBudget: 1024, samplesPerCall: 4 });
    else await openPipeline({ checkpoint });
    return null;
  } catch (error) {
    return error;
  }
}

const filesOf = (): string[] =>
  readdirSync(intact, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(json|safetensors)$/.test(name));

describe('a checkpoint with one damaged file', () => {
  const runs = 120;

  it(`opens or is refused with an error that names a file of it: ${runs} times`, async () => {
    const files = filesOf();
    const damage = fc.record({
      file: fc.constantFrom(...files),
      kind: fc.constantFrom(...Object.keys(damages), 'a link to itself', 'a folder'),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      value: fc.constantFrom(...hostileValues),
    });
    const before = process.memoryUsage().rss;
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, kind, at, value }) => {
        const path = join(checkpoint, file);
        const hidden = /^(tokenizer|scheduler)\//.test(file) ? join(checkpoint, 'transformer/config.json') : null;
        rmSync(path);
        if (hidden !== null) rmSync(hidden);
        if (kind === 'a link to itself') symlinkSync(path, path);
        else if (kind === 'a folder') mkdirSync(path);
        else writeFileSync(path, damages[kind]!(readFileSync(join(intact, file)), at, value));

        const error = await open(file);
        rmSync(path, { recursive: true, force: true });
        cpSync(join(intact, file), path);
        if (hidden !== null) cpSync(join(intact, 'transformer/config.json'), hidden);

        if (error === null) return;
        expect(error).toBeInstanceOf(CheckpointError);
        const { message } = error as CheckpointError;
        expect(message).toMatch(
          /^(model_index|transformer|vae|text_encoder|tokenizer|scheduler|siglip|siglip_processor)\b/,
        );
        expect(message).not.toMatch(/\p{Cc}/u);
        expect(message.length).toBeLessThanOrEqual(500);
      }),
      { seed: 12, numRuns: runs, endOnFailure: true },
    );
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(700);
  });
});
