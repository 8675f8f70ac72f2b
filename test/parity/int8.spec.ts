import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEngine, readCase, type ImageEngine, type ImageRequest } from '@app/inference';
import { editCases, goldenCase, imageCases, psnr, textToImageCases } from '../support/golden.js';

// docs/numerics.md: int8 products against float32.
const imagePsnr = 50;

const nanoCases = [...textToImageCases, ...imageCases, ...editCases]
  .map(goldenCase)
  .filter(({ request }) => request.model.startsWith('z-image-nano'));
const checkpoints = [...new Set(nanoCases.map(({ checkpoint }) => checkpoint))];

describe.each(checkpoints)('int8 products in %s', (checkpoint) => {
  const own = nanoCases.filter((each) => each.checkpoint === checkpoint);
  const requests = own.flatMap(requestsOf);
  if (own.some(({ name }) => name === 'img2img')) requests.push(inpainting());
  let int8: ImageEngine;
  let float32: ImageEngine;
  beforeAll(async () => {
    int8 = await openEngine({ checkpoint, tokenBudget: 2048, precision: 'int8' });
    float32 = await openEngine({ checkpoint, tokenBudget: 2048 });
  });
  afterAll(() => Promise.all([int8.close(), float32.close()]));

  it('give the images of float32 within the bound, and the same whatever shares the batch', async () => {
    const together = await Promise.all(requests.map((request) => int8.run(request)));
    for (const [i, request] of requests.entries()) {
      const name = `${request.source?.kind ?? 'text-to-image'}: ${request.prompt}`;
      const expected = (await float32.run(request)).pixels;
      const decibels = psnr(together[i]!.pixels, expected);
      expect({ name, decibels: decibels >= imagePsnr ? 'enough' : decibels }).toEqual({ name, decibels: 'enough' });
      expect(together[i]!.pixels).not.toEqual(expected);
      expect((await int8.run(request)).pixels).toEqual(together[i]!.pixels);
    }
  });
});

function requestsOf({ folder }: ReturnType<typeof goldenCase>): ImageRequest[] {
  const { prompts, width = 0, height = 0, steps, guidance_scale, seed, negative_prompt, source } = readCase(folder);
  return prompts.map((prompt, i) => ({
    prompt,
    ...(source && { source }),
    negativePrompt: typeof negative_prompt === 'string' ? negative_prompt : null,
    width,
    height,
    steps,
    guidanceScale: guidance_scale,
    cfgNormalization: false,
    cfgTruncation: 1,
    seed: Number(seed) + i,
  }));
}

/** No case of a trained checkpoint inpaints. */
function inpainting(): ImageRequest {
  const [request] = requestsOf(goldenCase('img2img'));
  const file = (name: string, image: string) => readFileSync(join(goldenCase(name).folder, image));
  const source = {
    kind: 'inpaint' as const,
    image: file('img2img', 'input.png'),
    mask: file('tiny-inpaint', 'mask.png'),
    strength: 0.9,
  };
  return { ...request!, source };
}
