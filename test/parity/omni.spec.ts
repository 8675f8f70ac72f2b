import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { openComponents } from '../../libs/inference/src/engine/open-components.js';
import { decodeImage } from '../../libs/inference/src/image/decode-image.js';
import type { RgbImage } from '../../libs/inference/src/image/pixels.js';
import { toVaeInput } from '../../libs/inference/src/image/vae-input.js';
import type { CheckpointComponents, EditCondition } from '../../libs/inference/src/pipelines/components.js';
import { PromptTokenizer } from '../../libs/inference/src/tokenizer/prompt-tokenizer.js';
import { checkpointOf, difference, editCases, goldenCase } from '../support/golden.js';
import type { GoldenCase } from '../support/golden.js';

// As docs/numerics.md states it: largest difference over the reference's rms.
const tensorTolerance = 2e-4;

const opened = new Map<string, Promise<CheckpointComponents>>();
function open(checkpoint: string): Promise<CheckpointComponents> {
  const components = opened.get(checkpoint) ?? openComponents(openCheckpoint(checkpoint));
  opened.set(checkpoint, components);
  return components;
}
afterAll(async () => {
  for (const components of opened.values()) await (await components).close();
});

describe.each(editCases)('the networks of an edit on the inputs of %s', (name) => {
  const golden = goldenCase(name);

  it('see every reference image as SigLIP2 does', async () => {
    const { edit } = await open(golden.checkpoint);
    for (const [i, image] of (await inputsOf(golden)).entries()) {
      const { hidden } = await edit!.vision.encode(image);
      const expected = golden.tensor(`siglip_hidden${i}`).row(0);
      expect(hidden.dims).toEqual(expected.dims);
      expect(difference(hidden.data, expected.data).relative).toBeLessThan(tensorTolerance);
    }
  });

  it('predict the first velocity of every sample', async () => {
    const { denoiser } = await open(golden.checkpoint);
    const modulation = (await denoiser.modulations([1 - golden.request.sigmas[0]!])).row(0);
    const latents = golden.tensor('initial_latents').row(0);
    const prompts = [golden.request.prompts[0]!, ''].slice(0, golden.tensor('velocity0').rows);
    for (const [i, prompt] of prompts.entries()) {
      const [velocity] = await denoiser.velocity([{ latents, caption: await conditionOf(golden, prompt), modulation }]);
      const expected = golden.tensor('velocity0').row(i);
      expect(difference(velocity!.data, expected.data).relative).toBeLessThan(tensorTolerance);
    }
  });
});

describe('an edit in a transformer call', () => {
  const golden = goldenCase('tiny-omni-edit');
  const latents = golden.tensor('initial_latents').row(0);

  it('has the velocity that it has alone beside another of its layout', async () => {
    const { denoiser } = await open(golden.checkpoint);
    const modulations = await denoiser.modulations([0.25, 0.75]);
    const caption = await conditionOf(golden, golden.request.prompts[0]!);
    const samples = [0, 1].map((i) => ({ latents, caption, modulation: modulations.row(i) }));
    const together = await denoiser.velocity(samples);
    for (const [i, sample] of samples.entries()) {
      const [alone] = await denoiser.velocity([sample]);
      expect(difference(together[i]!.data, alone!.data).relative).toBeLessThan(1e-5);
    }
  });

  it('is refused beside a text-to-image sample', async () => {
    const { denoiser, textEncoder } = await open(golden.checkpoint);
    const modulation = (await denoiser.modulations([0.25])).row(0);
    const plain = await denoiser.caption(await textEncoder.encode([1, 2, 3]));
    const edit = await conditionOf(golden, golden.request.prompts[0]!);
    const samples = [plain, edit].map((caption) => ({ latents, caption, modulation }));
    await expect(denoiser.velocity(samples)).rejects.toThrow(RangeError);
  });
});

it('a checkpoint without a vision encoder edits nothing', async () => {
  expect((await open(checkpointOf('z-image-nano-turbo'))).edit).toBeNull();
});

function inputsOf({ folder }: GoldenCase): Promise<RgbImage[]> {
  const files = ['input.png', 'input1.png'].map((file) => join(folder, file)).filter((file) => existsSync(file));
  return Promise.all(files.map((file) => decodeImage(readFileSync(file), file)));
}

async function conditionOf(golden: GoldenCase, prompt: string): Promise<EditCondition> {
  const { edit, imageEncoder, textEncoder } = await open(golden.checkpoint);
  const references = [];
  for (const image of await inputsOf(golden)) {
    const { mean } = await imageEncoder.encode(toVaeInput(image));
    references.push({ latents: mean, vision: await edit!.vision.encode(image) });
  }
  const parts = [];
  for (const ids of tokenizerOf(golden.checkpoint).encodeEdit(prompt, references.length)) {
    parts.push(await textEncoder.encode(ids));
  }
  return edit!.condition(parts, references);
}

function tokenizerOf(checkpoint: string): PromptTokenizer {
  const json = (file: string) => JSON.parse(readFileSync(join(checkpoint, 'tokenizer', file), 'utf8')) as object;
  const config = json('tokenizer_config.json') as { chat_template: string };
  return new PromptTokenizer({ tokenizer: json('tokenizer.json'), config, chatTemplate: config.chat_template });
}
