import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CheckpointError } from '@app/inference';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { readSafetensorsHeader } from '../../libs/inference/src/checkpoint/safetensors-header.js';
import { checkpointGraphs } from '../../libs/inference/src/engine/checkpoint-graphs.js';
import { openPipeline } from '../../libs/inference/src/open-pipeline.js';
import { writeRandomCheckpoint } from '../support/random-checkpoint.js';

const folder = mkdtempSync(join(tmpdir(), 'zimage-hostile-'));
const intact = join(folder, 'intact');
const checkpoint = join(folder, 'checkpoint');
const vaeWeights = 'vae/diffusion_pytorch_model.safetensors';
const at = (path: string): string => join(checkpoint, path);

beforeAll(() => writeRandomCheckpoint('single-layer', intact));
beforeEach(() => {
  rmSync(checkpoint, { recursive: true, force: true });
  cpSync(intact, checkpoint, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const config = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(at(path), 'utf8')) as Record<string, unknown>;
const change = (path: string, fields: Record<string, unknown>): void =>
  writeFileSync(at(path), JSON.stringify({ ...config(path), ...fields }));
const build = (): unknown => checkpointGraphs(openCheckpoint(checkpoint));

/** The error of a hostile checkpoint; refusing it took little memory. */
function refusal(open: () => unknown, maxMiB = 300): CheckpointError {
  const before = process.memoryUsage().rss;
  let error: unknown;
  try {
    open();
  } catch (thrown) {
    error = thrown;
  }
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(maxMiB);
  expect(error).toBeInstanceOf(CheckpointError);
  return error as CheckpointError;
}

function rewriteHeader(file: string, edit: (header: Buffer) => Buffer): void {
  const bytes = readFileSync(file);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = edit(bytes.subarray(8, end));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(file, Buffer.concat([length, header, bytes.subarray(end)]));
}

describe('a safetensors header', () => {
  const file = join(folder, 'fuzzed.safetensors');
  const tensor = fc.record(
    {
      dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'F8_E4M3'), fc.jsonValue()),
      shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 6 }), { maxLength: 4 }), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(fc.integer({ min: -8, max: 80 }), fc.integer({ max: 2 ** 53 })), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const read = () => readSafetensorsHeader(file, 'vae/fuzzed.safetensors');

  it.each<[string, fc.Arbitrary<Buffer>]>([
    ['of any bytes', fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes))],
    ['of any JSON', fc.json().map((text) => Buffer.from(text))],
    ['of any tensors', fc.dictionary(fc.string(), tensor).map((header) => Buffer.from(JSON.stringify(header)))],
  ])('%s gives tensors inside the file that do not overlap, or an error that names the file', (_, headers) => {
    fc.assert(
      fc.property(headers, fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (header, claimed) => {
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(claimed ?? BigInt(header.length));
        const bytes = Buffer.concat([length, header, Buffer.alloc(64)]);
        writeFileSync(file, bytes);
        try {
          const spans = read().map(({ offset, byteLength }) => [offset, offset + byteLength] as const);
          const ends = spans
            .sort(([a, b], [c, d]) => a - c || b - d)
            .reduce((end, [from, to]) => {
              expect(from).toBeGreaterThanOrEqual(end);
              return to;
            }, 8 + header.length);
          expect(ends).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          expect((error as CheckpointError).message).toMatch(/^vae\/fuzzed\.safetensors: /);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('with the same name twice cannot hide bytes', () => {
    const name = '"decoder.conv_in.bias"';
    rewriteHeader(at(vaeWeights), (header) => {
      const twice = `{${name}: {"dtype":"F32","shape":[0],"data_offsets":[0,0]}, ${header.toString().slice(1)}`;
      return Buffer.from(twice.replace(/}(\s*)$/, `, ${name}: {"dtype":"F32","shape":[0],"data_offsets":[0,0]}}$1`));
    });
    expect(refusal(build).message).toMatch(/safetensors: .*bytes between/);
  });

  it('that is not UTF-8 is refused', () => {
    rewriteHeader(at(vaeWeights), (header) =>
      Buffer.from(header.toString('latin1').replace('decoder.', 'd\xe9coder'), 'latin1'),
    );
    expect(refusal(build).message).toBe(`${vaeWeights}: not UTF-8`);
  });

  it.each([
    [
      'a shape of two million faults',
      `{"a":{"dtype":"F32","shape":[${'"x",'.repeat(2e6)}0],"data_offsets":[0,0]}}`,
      'a: shape: must be at most 8',
    ],
    [
      'dimensions whose product overflows',
      `{"a":{"dtype":"F32","shape":[${Array(8)
        .fill(2 ** 31)
        .join()}],"data_offsets":[0,0]}}`,
      'a: F32',
    ],
    ['lists nested a hundred thousand deep', `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'a: '],
  ])('with %s is refused in little memory', (_, header, message) => {
    rewriteHeader(at(vaeWeights), () => Buffer.from(header));
    expect(refusal(build).message).toContain(`${vaeWeights}: ${message}`);
  });
});

describe('a config', () => {
  it.each<[string, Record<string, unknown>]>([
    ['transformer/config.json', { n_layers: 1e9 }],
    ['transformer/config.json', { dim: 24e9, axes_dims: [8e9, 8e9, 8e9] }],
    ['transformer/config.json', { cap_feat_dim: 1e9 }],
    ['text_encoder/config.json', { num_hidden_layers: 1e9 }],
    ['text_encoder/config.json', { vocab_size: 1e15 }],
    ['text_encoder/config.json', { hidden_size: 1e9 }],
    ['vae/config.json', { layers_per_block: 1e9 }],
    ['vae/config.json', { block_out_channels: [1e9], norm_num_groups: 1e9 }],
    ['vae/config.json', { latent_channels: 1e9 }],
    [
      'vae/config.json',
      {
        block_out_channels: Array(1e5).fill(8),
        up_block_types: Array(1e5).fill('UpDecoderBlock2D'),
        down_block_types: Array(1e5).fill('DownEncoderBlock2D'),
      },
    ],
    ['vae/config.json', { block_out_channels: Array(1e5).fill('x') }],
  ])('of sizes that nothing could hold is refused in little memory: %s', (path, fields) => {
    change(path, fields);
    const { message } = refusal(build);
    expect(message).toMatch(
      /^(transformer|text_encoder|vae)\/(config\.json|model|diffusion_pytorch_model\.safetensors)/,
    );
  });

  it('of a gigabyte, of bytes that are no text, or nested without end is refused by name', () => {
    truncateSync(at('vae/config.json'), 2 ** 30);
    expect(refusal(build).message).toBe('vae/config.json: 1073741824 bytes, at most 1048576 are read');
    writeFileSync(at('vae/config.json'), Buffer.from('{"act_fn":"\xff"}', 'latin1'));
    expect(refusal(build).message).toBe('vae/config.json: not UTF-8');
    writeFileSync(at('vae/config.json'), '['.repeat(1e5) + ']'.repeat(1e5));
    expect(refusal(build).message).toMatch(/^vae\/config\.json: /);
  });

  it('or weights that are a pipe or a device are not read', () => {
    rmSync(at('vae/config.json'));
    symlinkSync('/dev/zero', at('vae/config.json'));
    expect(refusal(build).message).toBe('vae/config.json: not a regular file');
    cpSync(join(intact, 'vae/config.json'), at('vae/config.json'), { force: true, dereference: true });
    rmSync(at(vaeWeights));
    execFileSync('mkfifo', [at(vaeWeights)]);
    expect(refusal(build).message).toBe(`${vaeWeights}: not a regular file`);
  });
});

describe('a shard index', () => {
  const index = `${vaeWeights}.index.json`;

  it('with a million faults names the first, in little memory', () => {
    rmSync(at(vaeWeights));
    writeFileSync(at(index), `{"weight_map":{${Array.from({ length: 1e6 }, (_, i) => `"${i}":0`).join()}}}`);
    expect(refusal(build, 600).message).toMatch(/^vae\/.*\.index\.json: weight_map\.0: /);
  });

  it.each([[[]], [null], ['x'], [undefined]])('whose map is no object is refused: %j', (map) => {
    rmSync(at(vaeWeights));
    writeFileSync(at(index), JSON.stringify({ weight_map: map }));
    expect(refusal(build).message).toMatch(/^vae\/.*\.index\.json: weight_map: /);
  });
});

describe('a tokenizer', () => {
  const open = () => openPipeline({ checkpoint });

  it.each([
    ['a template that loops', '{% for a in range(99999) %}{% for b in range(99999) %}{{ "" }}{% endfor %}{% endfor %}'],
    [
      'a template that writes without end',
      '{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}',
    ],
  ])('with %s is stopped and named', async (_, template) => {
    writeFileSync(at('tokenizer/chat_template.jinja'), template);
    const before = process.memoryUsage().rss;
    await expect(open()).rejects.toThrow(/^tokenizer: cannot be used: .*timed out/);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(1500);
  });

  it('with a pattern that backtracks without end is stopped and named', async () => {
    change('tokenizer/tokenizer.json', {
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
    });
    writeFileSync(at('tokenizer/chat_template.jinja'), `${'a'.repeat(40)}b`);
    await expect(open()).rejects.toThrow(/^tokenizer: cannot be used: .*timed out/);
  });

  it('nested a hundred thousand deep is refused by name', async () => {
    const text = readFileSync(at('tokenizer/tokenizer.json'), 'utf8');
    const deep = '{"type":"Sequence","normalizers":['.repeat(1e5) + ']}'.repeat(1e5);
    writeFileSync(
      at('tokenizer/tokenizer.json'),
      text.replace(/"normalizer": \{[^}]*\}/, () => `"normalizer": ${deep}`),
    );
    await expect(open()).rejects.toThrow(/^tokenizer/);
  });
});
