import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import { bytesPerValue } from '../tensor/stored-tensor.js';
import type { StoredTensor } from '../tensor/stored-tensor.js';
import { sizeOf } from '../tensor/tensor.js';
import { decodeUtf8 } from './decode-utf8.js';
import { describeFault } from './describe-fault.js';

/** Headers of full-size shards are some 100 kB; a length far above that is a damaged or hostile file. */
const maxHeaderBytes = 16 * 2 ** 20;
const lengthBytes = 8;
const maxRank = 8;
const maxDim = 2 ** 31;

function isShape(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= maxRank &&
    value.every((dim: unknown) => Number.isInteger(dim) && Number(dim) >= 0 && Number(dim) <= maxDim)
  );
}

const entry = z.object({
  dtype: z.enum(['F32', 'F16', 'BF16']),
  // One fault for the whole shape: it may be a list of a million wrong values.
  shape: z.custom<number[]>(isShape, `must be at most ${maxRank} whole numbers from 0 to ${maxDim}`),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * The tensors of a .safetensors file by their places. Reads the header only.
 * Format: https://github.com/huggingface/safetensors#format
 * @param label the file's path inside the checkpoint, for errors
 * @throws CheckpointError naming the file and the tensor
 */
export function readSafetensorsHeader(path: string, label: string): StoredTensor[] {
  const { file, text, dataStart, fileBytes } = readHeader(path, label);
  const tensors = Object.entries(parseObject(text, label))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]): StoredTensor => {
      const parsed = entry.safeParse(value);
      if (!parsed.success) throw new CheckpointError(label, name, describeFault(parsed.error.issues));
      const { dtype, shape, data_offsets } = parsed.data;
      const [start, end] = data_offsets;
      const expected = sizeOf(shape) * bytesPerValue[dtype];
      if (end - start !== expected) {
        throw new CheckpointError(
          label,
          name,
          `${dtype} [${shape.join(', ')}] needs ${expected} bytes, data_offsets give ${end - start}`,
        );
      }
      return { name, type: dtype, dims: shape, file, offset: dataStart + start, byteLength: expected };
    });
  checkPlaces(tensors, { label, dataStart, fileBytes });
  return tensors;
}

interface Header {
  /** Absolute path with symlinks resolved. */
  file: string;
  text: string;
  dataStart: number;
  fileBytes: number;
}

function readHeader(path: string, label: string): Header {
  let descriptor: number | undefined;
  try {
    const file = realpathSync(path);
    // Opening a pipe would wait for its writer.
    if (!statSync(file).isFile()) throw new CheckpointError(label, null, 'not a regular file');
    descriptor = openSync(file, 'r');
    return { file, ...readHeaderText(descriptor, label) };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(label, null, `cannot be read: ${String(cause)}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readHeaderText(descriptor: number, label: string): Omit<Header, 'file'> {
  const fileBytes = fstatSync(descriptor).size;
  const prefix = Buffer.alloc(lengthBytes);
  if (readSync(descriptor, prefix, 0, lengthBytes, 0) < lengthBytes) {
    throw new CheckpointError(label, null, `truncated: ${fileBytes} bytes, too short for a safetensors header`);
  }
  const headerBytes = prefix.readBigUInt64LE();
  if (headerBytes > maxHeaderBytes) {
    throw new CheckpointError(
      label,
      null,
      `header of ${headerBytes.toString()} bytes, at most ${maxHeaderBytes} are read`,
    );
  }
  const dataStart = lengthBytes + Number(headerBytes);
  if (dataStart > fileBytes) {
    throw new CheckpointError(label, null, `truncated: header ends at byte ${dataStart}, the file at ${fileBytes}`);
  }
  const text = Buffer.alloc(Number(headerBytes));
  readSync(descriptor, text, 0, text.length, lengthBytes);
  return { text: decodeUtf8(text, label), dataStart, fileBytes };
}

function parseObject(text: string, label: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch (cause) {
    throw new CheckpointError(label, null, 'the safetensors header is not JSON', { cause });
  }
  throw new CheckpointError(label, null, 'the safetensors header is not a JSON object');
}

/** The tensors fill the rest of the file: none outside it, none over another and, as the format asks, no gap. */
function checkPlaces(
  tensors: readonly StoredTensor[],
  { label, dataStart, fileBytes }: { label: string; dataStart: number; fileBytes: number },
): void {
  let last: { name: string; end: number } = { name: 'the header', end: dataStart };
  for (const { name, offset, byteLength } of [...tensors].sort(inFileOrder)) {
    const end = offset + byteLength;
    if (offset < last.end) throw new CheckpointError(label, name, `overlaps ${last.name}`);
    if (end > fileBytes) {
      throw new CheckpointError(
        label,
        name,
        `truncated: ends at byte ${end} (${byteLength} bytes from ${offset}), the file at ${fileBytes}`,
      );
    }
    if (offset > last.end)
      throw new CheckpointError(label, name, `${offset - last.end} bytes between ${last.name} and it`);
    last = { name, end };
  }
  if (last.end < fileBytes) throw new CheckpointError(label, null, `${fileBytes - last.end} bytes behind ${last.name}`);
}

/** By place; an empty tensor before the one that starts where it stands. */
function inFileOrder(a: StoredTensor, b: StoredTensor): number {
  return a.offset - b.offset || a.byteLength - b.byteLength;
}
