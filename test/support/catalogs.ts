import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A catalog file with a model for edits beside the two for prompts, wherever the shipped one stands. */
export function catalogWithEdits(): string {
  const { models } = JSON.parse(readFileSync(resolve('models/catalog.json'), 'utf8')) as {
    models: { name: string; checkpoint: string }[];
  };
  const [turbo] = models;
  const others = models
    .filter(({ name }) => name !== editModel)
    .map((model) => ({ ...model, checkpoint: resolve('models', model.checkpoint) }));
  const edit = { ...turbo, name: editModel, checkpoint: resolve('models', editModel), default: false, kinds: ['edit'] };
  const file = join(mkdtempSync(join(tmpdir(), 'zimage-catalog-')), 'catalog.json');
  writeFileSync(file, JSON.stringify({ models: [...others, edit] }));
  return file;
}

export const editModel = 'z-image-nano-edit';
