import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import type { StoredTensor } from '../tensor/stored-tensor.js';
import { decodeUtf8 } from './decode-utf8.js';
import { describeFault } from './describe-fault.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { Weights } from './weights.js';

/** Shards lie beside their index: a plain name, no way out of the folder. */
const shardName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.safetensors$/, 'must be a plain .safetensors file name');

/** Checked up to the first fault: an index with a million of them must not make a million messages. */
const shardIndex = z.object({
  weight_map: z.custom<Record<string, string>>().superRefine((map: unknown, context) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      context.addIssue({ code: 'custom', message: 'must be an object of tensor and file names' });
      return;
    }
    for (const [tensor, shard] of Object.entries(map)) {
      const message = shardName.safeParse(shard).error?.issues[0]?.message;
      if (message === undefined) continue;
      context.addIssue({ code: 'custom', path: [tensor], message });
      return;
    }
  }),
});

/** File names without extension under which diffusers and transformers save weights. */
const weightFiles = ['diffusion_pytorch_model', 'model'];

/**
 * Bytes of the text files that are read at most; parsed JSON takes up to some twenty times its bytes. Published: a
 * tokenizer.json of 11 MB, shard indexes of 100 kB, configs of a few kB.
 */
const maxTextBytes = { tokenizer: 64 * 2 ** 20, shardIndex: 16 * 2 ** 20, other: 2 ** 20 };

function maxBytesOf(path: string): number {
  if (path === 'tokenizer/tokenizer.json') return maxTextBytes.tokenizer;
  return path.endsWith('.safetensors.index.json') ? maxTextBytes.shardIndex : maxTextBytes.other;
}

/** A checkpoint directory in the diffusers layout. Reads on demand; holds no file open. */
export class Checkpoint {
  constructor(readonly directory: string) {}

  has(path: string): boolean {
    return existsSync(join(this.directory, path));
  }

  /**
   * A text file of the checkpoint.
   * @throws CheckpointError naming the file
   */
  text(path: string): string {
    const file = join(this.directory, path);
    try {
      const stat = statSync(file);
      // A pipe or a device would be read for ever.
      if (!stat.isFile()) throw new CheckpointError(path, null, 'not a regular file');
      const maxBytes = maxBytesOf(path);
      if (stat.size > maxBytes) {
        throw new CheckpointError(path, null, `${stat.size} bytes, at most ${maxBytes} are read`);
      }
      return decodeUtf8(readFileSync(file), path);
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError(path, null, 'missing or unreadable', { cause });
    }
  }

  /**
   * A parsed JSON file of the checkpoint.
   * @param path inside the checkpoint: 'scheduler/scheduler_config.json'
   * @throws CheckpointError naming the file and the fields at fault
   */
  json<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
    const parsed = schema.safeParse(this.parseJson(path));
    if (parsed.success) return parsed.data;
    const [first, ...others] = parsed.error.issues;
    const field = first?.path.length ? first.path.map(String).join('.') : null;
    const more = others.length > 0 ? `; ${describeFault(others)}` : '';
    throw new CheckpointError(path, field, `${first?.message ?? 'invalid'}${more}`);
  }

  /** Whether a component has weights: a tokenizer has none. */
  hasWeights(component: string): boolean {
    return weightFiles.some((stem) =>
      ['.safetensors', '.safetensors.index.json'].some((end) => this.has(`${component}/${stem}${end}`)),
    );
  }

  /**
   * The weights of a component, from one .safetensors file or from shards with an index.
   * @param prefix cut off the names that carry it
   * @throws CheckpointError naming the file and tensor
   */
  weights(component: string, { prefix = '' }: { prefix?: string } = {}): Weights {
    const { file, tensors } = this.storedTensors(component);
    const named = tensors.map((tensor) => {
      const name = tensor.name.startsWith(prefix) ? tensor.name.slice(prefix.length) : tensor.name;
      return [name, { ...tensor, name }] as const;
    });
    return new Weights(file, new Map(named));
  }

  /** With the file that lists them. */
  private storedTensors(component: string): { file: string; tensors: StoredTensor[] } {
    for (const stem of weightFiles) {
      const single = `${component}/${stem}.safetensors`;
      if (this.has(single))
        return { file: single, tensors: readSafetensorsHeader(join(this.directory, single), single) };
      const index = `${single}.index.json`;
      if (this.has(index)) return { file: index, tensors: this.shardedTensors(component, index) };
    }
    const expected = weightFiles.map((stem) => `${stem}.safetensors`).join(', ');
    throw new CheckpointError(component, null, `no weights: none of ${expected}, with or without .index.json`);
  }

  private shardedTensors(component: string, index: string): StoredTensor[] {
    const { weight_map } = this.json(index, shardIndex);
    const tensors = [...new Set(Object.values(weight_map))].flatMap((shard) => {
      const label = `${component}/${shard}`;
      if (!this.has(label)) throw new CheckpointError(label, null, `missing, though ${index} names it`);
      return readSafetensorsHeader(join(this.directory, label), label).filter(
        ({ name }) => (weight_map[name] ?? shard) === shard,
      );
    });
    const found = new Set(tensors.map(({ name }) => name));
    const missing = Object.keys(weight_map).find((name) => !found.has(name));
    if (missing !== undefined) {
      throw new CheckpointError(index, missing, `not in ${weight_map[missing] ?? 'its shard'}`);
    }
    return tensors;
  }

  private parseJson(path: string): unknown {
    const text = this.text(path);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new CheckpointError(path, null, 'not JSON', { cause });
    }
  }
}

/**
 * Opens a checkpoint directory; what is in it is checked as it is asked for.
 * @throws CheckpointError when there is no model_index.json
 */
export function openCheckpoint(directory: string): Checkpoint {
  const checkpoint = new Checkpoint(directory);
  if (!checkpoint.has('model_index.json')) {
    throw new CheckpointError(
      'model_index.json',
      null,
      `missing: ${directory} is no checkpoint in the diffusers layout`,
    );
  }
  return checkpoint;
}
