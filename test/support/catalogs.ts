import { afterAll, beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** For the top of a spec file: a catalog with a model for edits, which has these limits, beside the two for prompts. */
export function catalogWithEdits(limits: Record<string, number> = {}): string {
  const { models } = JSON.parse(readFileSync(resolve('models/catalog.json'), 'utf8')) as {
    models: { name: string; checkpoint: string; limits: Record<string, number> }[];
  };
  const [turbo] = models;
  const others = models
    .filter(({ name }) => name !== editModel)
    .map((model) => ({ ...model, checkpoint: resolve('models', model.checkpoint) }));
  const edit = {
    ...turbo,
    name: editModel,
    checkpoint: resolve('models', editModel),
    default: false,
    kinds: ['edit'],
    limits: { ...turbo!.limits, ...limits },
  };
  const file = join(tmpdir(), `zimage-catalog-${randomUUID()}.json`);
  beforeAll(() => writeFileSync(file, JSON.stringify({ models: [...others, edit] })));
  afterAll(() => rmSync(file));
  return file;
}

export const editModel = 'z-image-nano-edit';
