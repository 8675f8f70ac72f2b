import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bfloat16Tensor, float32Tensor, writeSafetensors } from '../../../../test/support/safetensors.js';
import { CheckpointError } from '../errors.js';
import { readSafetensorsHeader } from './safetensors-header.js';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
const file = join(folder, 'model.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

const two = { a: float32Tensor([1, 2, 3, 4], [2, 2]), b: bfloat16Tensor([1, 2], [2]) };
const read = () => readSafetensorsHeader(file, 'vae/model.safetensors');
type Header = Record<string, Record<string, unknown>>;

describe('readSafetensorsHeader', () => {
  it('gives type, shape and place of every tensor', () => {
    writeSafetensors(file, two, (header) => ({ __metadata__: { format: 'pt' }, ...header }));
    const [a, b] = read();
    expect(a).toMatchObject({ name: 'a', type: 'F32', dims: [2, 2], byteLength: 16 });
    expect(b).toMatchObject({ name: 'b', type: 'BF16', dims: [2], byteLength: 4, offset: a!.offset + 16 });
  });

  it('names tensor and byte counts of a truncated file', () => {
    writeSafetensors(file, two);
    const end = read()[1]!.offset + 4;
    truncateSync(file, end - 1);
    expect(read).toThrow(
      `vae/model.safetensors: b: truncated: ends at byte ${end} (4 bytes from ${end - 4}), the file at ${end - 1}`,
    );
    truncateSync(file, 30);
    expect(read).toThrow(/vae\/model.safetensors: truncated: header ends at byte \d+, the file at 30/);
    truncateSync(file, 3);
    expect(read).toThrow('truncated: 3 bytes, too short');
  });

  it('does not read a header of any length that the file claims', () => {
    writeFileSync(file, Buffer.from('ffffffffffffff7f7b7d', 'hex'));
    expect(read).toThrow('header of 9223372036854775807 bytes');
  });

  it.each<[string, (header: Header) => unknown, string]>([
    ['overlapping tensors', ({ a, b }) => ({ a, b: { ...b, data_offsets: [14, 18] } }), 'b: overlaps a'],
    [
      'a gap between tensors',
      ({ a, b }) => ({ b: { ...b, data_offsets: [16, 20] }, a: { ...a, shape: [2], data_offsets: [0, 8] } }),
      'b: 8 bytes between a and it',
    ],
    ['bytes behind the last tensor', ({ a }) => ({ a }), '4 bytes behind a'],
    ['a type that is not supported', ({ a, b }) => ({ a: { ...a, dtype: 'I64' }, b }), 'a: dtype'],
    [
      'a shape that does not fill the bytes',
      ({ a, b }) => ({ a: { ...a, shape: [2, 3] }, b }),
      'a: F32 [2, 3] needs 24 bytes, data_offsets give 16',
    ],
    ['negative offsets', ({ a, b }) => ({ a: { ...a, data_offsets: [-16, 0] }, b }), 'a: data_offsets'],
    [
      'offsets beyond the file',
      ({ a, b }) => ({ a, b: { ...b, data_offsets: [2 ** 50, 2 ** 50 + 4] } }),
      'b: truncated',
    ],
    ['an entry that is no object', ({ a }) => ({ a, b: 7 }), 'b: '],
    ['an array for a header', () => [], 'the safetensors header is not a JSON object'],
  ])('refuses %s', (_, headerOf, message) => {
    writeSafetensors(file, two, headerOf);
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
  });

  it('names a file that cannot be read', () => {
    rmSync(file);
    expect(read).toThrow(/vae\/model.safetensors: cannot be read: .*ENOENT/);
    mkdirSync(file);
    expect(read).toThrow(/vae\/model.safetensors: not a regular file/);
    rmSync(file, { recursive: true });
  });

  it('refuses a header that is not JSON', () => {
    writeFileSync(file, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{{')]));
    expect(read).toThrow('vae/model.safetensors: the safetensors header is not JSON');
  });

  it('answers any damaged byte of the header with tensors or a CheckpointError', () => {
    writeSafetensors(file, two);
    const intact = readFileSync(file);
    const headerBytes = 8 + Number(intact.readBigUInt64LE());
    let refused = 0;
    for (let at = 0; at < headerBytes; at++) {
      for (const flip of [0x01, 0x10, 0x80]) {
        const damaged = Buffer.from(intact);
        damaged[at] = damaged[at]! ^ flip;
        writeFileSync(file, damaged);
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(headerBytes);
  });
});
