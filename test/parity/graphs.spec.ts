import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import type { DenoiserSample } from '../../libs/inference/src/pipelines/components.js';
import { PromptTokenizer } from '../../libs/inference/src/tokenizer/prompt-tokenizer.js';
import type { Tensor } from '../../libs/inference/src/tensor/tensor.js';
import { difference, goldenCase, psnr, textToImageCases } from '../support/golden.js';
import type { GoldenCase } from '../support/golden.js';
import { sharedComponents } from '../support/shared-components.js';

// Tolerances: docs/numerics.md. Largest difference over the reference's rms, and dB.
const tensorTolerance = 2e-4;
const imageFidelity = 50;

const open = sharedComponents();

describe.each(textToImageCases)('the networks on the reference inputs of %s', (name) => {
  const golden = goldenCase(name);
  const prompts = promptsOf(golden);

  it.each(prompts)('embed $key', async ({ key, prompt }) => {
    const { textEncoder } = await open(golden.checkpoint);
    const embeds = await textEncoder.encode(tokenizerOf(golden.checkpoint).encode(prompt));
    expect(embeds.dims).toEqual(golden.tensor(key).dims);
    expect(difference(embeds.data, golden.tensor(key).data).relative).toBeLessThan(tensorTolerance);
  });

  it('predict the first velocity of every sample', async () => {
    const { denoiser } = await open(golden.checkpoint);
    for (const [i, sample] of (await firstCall(golden)).entries()) {
      const [velocity] = await denoiser.velocity([sample]);
      const expected = golden.tensor('velocity0').row(i);
      expect(velocity!.dims).toEqual(expected.dims);
      expect(difference(velocity!.data, expected.data).relative).toBeLessThan(tensorTolerance);
    }
  });

  it.each(golden.request.prompts.map((_, i) => i))('decode image %i', async (i) => {
    const { imageDecoder } = await open(golden.checkpoint);
    const image = await imageDecoder.decode(golden.tensor('latents').row(i));
    const file = readFileSync(join(golden.folder, i === 0 ? 'image.png' : `image${i}.png`));
    const expected = await sharp(file).removeAlpha().raw().toBuffer();
    expect(psnr(toPixels(image), expected)).toBeGreaterThan(imageFidelity);
  });
});

describe('a transformer call of several samples', () => {
  it.each(['base-cfg', 'tiny-guided-normalized', 'turbo-wide-long'])(
    'gives each sample of %s the velocity that it has alone',
    async (name) => {
      const golden = goldenCase(name);
      const { denoiser } = await open(golden.checkpoint);
      const [first, second = first] = (await firstCall(golden)) as [DenoiserSample, DenoiserSample?];
      // Neighbours at other timesteps, as running requests are.
      const later = (await denoiser.modulations([0.25, 0.75])).row(1);
      const samples = [first, { ...second, modulation: later }, { ...first, modulation: later }, second];
      const together = await denoiser.velocity(samples);
      for (const [i, sample] of samples.entries()) {
        const [alone] = await denoiser.velocity([sample]);
        expect(difference(together[i]!.data, alone!.data).relative).toBeLessThan(1e-5);
      }
    },
  );

  it('refuses samples of different layouts', async () => {
    const golden = goldenCase('turbo-en');
    const { denoiser } = await open(golden.checkpoint);
    const [sample] = (await firstCall(golden)) as [DenoiserSample];
    const [, ...size] = sample.latents.dims;
    const narrow = { ...sample, latents: sample.latents.slice(0, 4).reshape([16, 8, ...size.slice(1)]) };
    await expect(denoiser.velocity([sample, narrow])).rejects.toThrow(RangeError);
  });
});

/** The tensors of prompt embeddings in the order of the first transformer call: positive ones, then negative ones. */
function promptsOf({ request }: GoldenCase): { key: string; prompt: string }[] {
  const positive = request.prompts.map((prompt, i) => ({ key: `prompt_embeds${i}`, prompt }));
  if (request.guidance_scale === 0) return positive;
  const negative = request.prompts.map((_, i) => ({
    key: `negative_prompt_embeds${i}`,
    prompt: request.negative_prompt ?? '',
  }));
  return [...positive, ...negative];
}

async function firstCall(golden: GoldenCase): Promise<DenoiserSample[]> {
  const { denoiser } = await open(golden.checkpoint);
  const modulation = (await denoiser.modulations([1 - golden.request.sigmas[0]!])).row(0);
  const initial = golden.tensor('initial_latents');
  return Promise.all(
    promptsOf(golden).map(async ({ key }, i) => ({
      latents: initial.row(i % initial.rows),
      caption: await denoiser.caption(golden.tensor(key)),
      modulation,
    })),
  );
}

function tokenizerOf(checkpoint: string): PromptTokenizer {
  const json = (file: string) => JSON.parse(readFileSync(join(checkpoint, 'tokenizer', file), 'utf8')) as object;
  const config = json('tokenizer_config.json') as { chat_template: string };
  return new PromptTokenizer({ tokenizer: json('tokenizer.json'), config, chatTemplate: config.chat_template });
}

/** [3, H, W] in [-1, 1] → 8-bit RGB, row by row. */
function toPixels({ data }: Tensor): Uint8Array {
  const size = data.length / 3;
  const channel = (value: number) => Math.round(Math.min(1, Math.max(0, value / 2 + 0.5)) * 255);
  return Uint8Array.from({ length: data.length }, (_, at) => channel(data[(at % 3) * size + Math.floor(at / 3)]!));
}
