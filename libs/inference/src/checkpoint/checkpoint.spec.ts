import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { float32Tensor, writeSafetensors } from '../../../../test/support/safetensors.js';
import { openCheckpoint } from './checkpoint.js';
import { checkComponents } from './model-index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  for (const component of ['scheduler', 'text_encoder', 'tokenizer', 'transformer', 'vae']) {
    mkdirSync(join(folder, component));
  }
  writeJson('model_index.json', modelIndex);
});
afterEach(() => rmSync(folder, { recursive: true }));

const modelIndex = {
  _class_name: 'ZImagePipeline',
  scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
  text_encoder: ['transformers', 'Qwen3Model'],
  tokenizer: ['transformers', 'Qwen2Tokenizer'],
  transformer: ['diffusers', 'ZImageTransformer2DModel'],
  vae: ['diffusers', 'AutoencoderKL'],
};
const writeJson = (path: string, content: unknown) => writeFileSync(join(folder, path), JSON.stringify(content));
const writeShard = (name: string, tensors: string[]) =>
  writeSafetensors(
    join(folder, 'vae', name),
    Object.fromEntries(tensors.map((tensor) => [tensor, float32Tensor([1, 2], [2])])),
  );
const writeIndex = (weightMap: Record<string, string>) =>
  writeJson('vae/model.safetensors.index.json', { metadata: {}, weight_map: weightMap });

describe('openCheckpoint', () => {
  it('refuses a folder without model_index.json', () => {
    rmSync(join(folder, 'model_index.json'));
    expect(() => openCheckpoint(folder)).toThrow('model_index.json: missing');
  });

  it('names file and field of a config that does not fit', () => {
    writeJson('vae/config.json', { act_fn: 'gelu', levels: [1, 'two'] });
    const schema = z.object({ act_fn: z.literal('silu'), levels: z.array(z.number()) });
    const read = () => openCheckpoint(folder).json('vae/config.json', schema);
    expect(read).toThrow('vae/config.json: act_fn: Invalid input: expected "silu"; levels: 1: ');
    writeFileSync(join(folder, 'vae/config.json'), '{');
    expect(read).toThrow('vae/config.json: not JSON');
    rmSync(join(folder, 'vae/config.json'));
    expect(read).toThrow('vae/config.json: missing or unreadable');
  });

  it('reads no config above 1 MiB', () => {
    writeJson('vae/config.json', {});
    truncateSync(join(folder, 'vae/config.json'), 3 * 2 ** 30);
    expect(() => openCheckpoint(folder).text('vae/config.json')).toThrow(
      'vae/config.json: 3221225472 bytes, at most 1048576 are read',
    );
  });

  it('puts names from a file on one line of bounded length', () => {
    const name = `a\n\u001b[31m${'x'.repeat(1000)}`;
    writeShard('model.safetensors', [name]);
    const refuse = () => {
      openCheckpoint(folder).weights('vae').assertAllTaken();
    };
    expect(refuse).toThrow(/^vae\/model\.safetensors: a \[31mx{400,}…$/);
  });
});

describe('checkComponents', () => {
  const check = () => checkComponents(openCheckpoint(folder));

  it('says whether a complete checkpoint edits images', () => {
    expect(check()).toEqual({ edits: false });
    writeJson('model_index.json', { ...modelIndex, siglip: ['transformers', 'Siglip2VisionModel'] });
    expect(check).toThrow('siglip: component folder missing');
    writeJson('model_index.json', modelIndex);
  });

  it('names a component that is not listed, of another class or without folder', () => {
    writeJson('model_index.json', { ...modelIndex, vae: [null, null] });
    expect(check).toThrow('model_index.json: vae: component missing');
    writeJson('model_index.json', { ...modelIndex, transformer: ['diffusers', 'FluxTransformer2DModel'] });
    expect(check).toThrow('model_index.json: transformer: FluxTransformer2DModel is not supported');
    writeJson('model_index.json', modelIndex);
    rmSync(join(folder, 'tokenizer'), { recursive: true });
    expect(check).toThrow('tokenizer: component folder missing');
  });
});

describe('weights', () => {
  const weights = (options?: { prefix: string }) => openCheckpoint(folder).weights('vae', options);

  it('come from one file, or from shards by their index', () => {
    writeShard('model-1.safetensors', ['a']);
    writeShard('model-2.safetensors', ['b']);
    writeIndex({ a: 'model-1.safetensors', b: 'model-2.safetensors' });
    expect(weights().take('b', [2]).file).toMatch(/model-2\.safetensors$/);
    writeShard('model.safetensors', ['a', 'b']);
    expect(weights().take('b', [2]).file).toMatch(/model\.safetensors$/);
  });

  it('lose the prefix that a head was saved with', () => {
    writeShard('model.safetensors', ['model.a', 'lm_head']);
    const found = weights({ prefix: 'model.' });
    expect(found.take('a', [2]).name).toBe('a');
    expect(found.take('lm_head', [2]).name).toBe('lm_head');
  });

  it('name a weight that is missing, misshapen or left over', () => {
    writeShard('model.safetensors', ['a', 'b', 'encoder.c']);
    const found = weights();
    expect(() => found.take('z', [4, 2])).toThrow('vae/model.safetensors: z: missing weight of shape [4, 2]');
    expect(() => found.take('a', [3])).toThrow('vae/model.safetensors: a: has shape [2], the config asks for [3]');
    found.take('a', [2]);
    expect(() => found.assertAllTaken([/^encoder\./])).toThrow(
      'vae/model.safetensors: b: weight that the config has no place for',
    );
    found.take('b', [2]);
    found.assertAllTaken([/^encoder\./]);
  });

  it('name a missing shard, and a tensor that its shard does not hold', () => {
    writeShard('model-1.safetensors', ['a']);
    writeIndex({ a: 'model-1.safetensors', b: 'model-2.safetensors' });
    expect(weights).toThrow('vae/model-2.safetensors: missing, though vae/model.safetensors.index.json names it');
    writeIndex({ a: 'model-1.safetensors', b: 'model-1.safetensors' });
    expect(weights).toThrow('vae/model.safetensors.index.json: b: not in model-1.safetensors');
  });

  it.each(['../vae/model-1.safetensors', '/etc/model.safetensors', 'a/b.safetensors', '..safetensors', 'weights.bin'])(
    'never leave their folder: %s',
    (shard) => {
      writeShard('model-1.safetensors', ['a']);
      writeIndex({ a: shard });
      expect(weights).toThrow('vae/model.safetensors.index.json: weight_map.a: must be a plain .safetensors file name');
    },
  );

  it('are an error when there are none', () => {
    expect(weights).toThrow('vae: no weights: none of diffusion_pytorch_model.safetensors, model.safetensors');
  });
});
