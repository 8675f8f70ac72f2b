import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { openEngine, UnsupportedSource, type ImageRequest } from '@app/inference';
import { decodeImage } from '../../libs/inference/src/image/decode-image.js';
import type { RgbImage } from '../../libs/inference/src/image/pixels.js';
import { toVaeInput } from '../../libs/inference/src/image/vae-input.js';
import type { EditCondition } from '../../libs/inference/src/pipelines/components.js';
import { readEditSource } from '../../libs/inference/src/pipelines/edit-source.js';
import { PromptTokenizer } from '../../libs/inference/src/tokenizer/prompt-tokenizer.js';
import { checkpointOf, difference, goldenCase, psnr } from '../support/golden.js';
import type { GoldenCase } from '../support/golden.js';
import { sharedComponents } from '../support/shared-components.js';

const open = sharedComponents();
const wide = readFileSync(join(goldenCase('tiny-omni-wide').folder, 'input.png'));
/** So small that two edits of it fit into a call of any engine: how much more one takes is measured when it opens. */
const small = await sharp(wide).resize(64, 64).png().toBuffer();

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

describe('the batch of a checkpoint that makes and edits images', () => {
  const base: ImageRequest = {
    prompt: 'make it blue',
    negativePrompt: null,
    width: 128,
    height: 128,
    steps: 4,
    guidanceScale: 0,
    cfgNormalization: false,
    cfgTruncation: 1,
    seed: 1,
  };
  const edit: ImageRequest = { ...base, source: { kind: 'edit', images: [small] } };
  const mixed: ImageRequest[] = [
    edit,
    base,
    { ...edit, seed: 2 },
    { ...edit, seed: 3, guidanceScale: 2, source: { kind: 'edit', images: [wide, wide] } },
    { ...base, seed: 4, guidanceScale: 3, steps: 6 },
    { ...base, seed: 5, source: { kind: 'image-to-image', image: wide, strength: 0.7 } },
  ];

  it('gives each request its solo image, with edits of one layout in shared calls', async () => {
    const engine = await openEngine({ checkpoint: checkpointOf('tiny-omni'), tokenBudget: 8192 });
    try {
      const solo: Uint8Array[] = [];
      for (const request of mixed) solo.push((await engine.run(request)).pixels);
      const made = await Promise.all(mixed.map((request) => engine.run(request)));
      made.forEach(({ pixels }, i) => expect(psnr(pixels, solo[i]!)).toBeGreaterThanOrEqual(50));

      // One of their layout that runs for as long as they do.
      const ended = new AbortController();
      let neighbour: Promise<unknown> = Promise.resolve();
      await new Promise<void>((onStep) => {
        neighbour = engine.run({ ...edit, seed: 9, steps: 5_000 }, { onStep: () => onStep() }, ended.signal);
      });
      const beside = await Promise.all([0, 2].map((i) => engine.run(mixed[i]!)));
      ended.abort(new Error('seen enough'));
      await expect(neighbour).rejects.toThrow('seen enough');
      for (const [i, { pixels, batch }] of beside.entries()) {
        expect(batch.max).toBeGreaterThan(1);
        expect(psnr(pixels, solo[2 * i]!)).toBeGreaterThanOrEqual(50);
      }
      expect(engine.tokensInFlight).toBe(0);
    } finally {
      await engine.close();
    }
  });

  it('refuses an edit by a checkpoint without a vision encoder, and references out of proportion', async () => {
    const turbo = await openEngine({ checkpoint: checkpointOf('tiny-t2i'), tokenBudget: 8192 });
    await expect(turbo.run(edit)).rejects.toThrow(UnsupportedSource);
    await turbo.close();
    const flat = await sharp({ create: { width: 640, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await expect(readEditSource([wide, flat], base, 16)).rejects.toThrow(
      'images[1]: is 640 × 64 px, more than 8 times as long as wide',
    );
  });
});
