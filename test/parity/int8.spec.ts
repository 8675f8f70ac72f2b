import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEngine, type ImageEngine, type ImageRequest } from '@app/inference';
import { goldenCase, psnr, textToImageCases } from '../support/golden.js';

// docs/numerics.md: int8 products against float32.
const imagePsnr = 50;

const nanoCases = textToImageCases.map(goldenCase).filter(({ request }) => request.model.startsWith('z-image-nano'));
const checkpoints = [...new Set(nanoCases.map(({ checkpoint }) => checkpoint))];

describe.each(checkpoints)('int8 products in %s', (checkpoint) => {
  const requests = nanoCases.filter((each) => each.checkpoint === checkpoint).flatMap(requestsOf);
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
      const expected = (await float32.run(request)).pixels;
      expect(psnr(together[i]!.pixels, expected)).toBeGreaterThanOrEqual(imagePsnr);
      expect(together[i]!.pixels).not.toEqual(expected);
      expect((await int8.run(request)).pixels).toEqual(together[i]!.pixels);
    }
  });
});

function requestsOf({ request }: ReturnType<typeof goldenCase>): ImageRequest[] {
  const { width, height, steps, guidance_scale, seed, negative_prompt } = request;
  return request.prompts.map((prompt, i) => ({
    prompt,
    negativePrompt: negative_prompt ?? null,
    width,
    height,
    steps,
    guidanceScale: guidance_scale,
    cfgNormalization: false,
    cfgTruncation: 1,
    seed: seed + i,
  }));
}
