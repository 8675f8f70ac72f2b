import { afterAll, describe, expect, it } from '@jest/globals';
import { openComponents } from '../../libs/inference/src/engine/open-components.js';
import type { CheckpointComponents } from '../../libs/inference/src/pipelines/components.js';
import type { Tensor } from '../../libs/inference/src/tensor/tensor.js';
import { goldenCase, relativeError } from './graphs-golden.js';
import type { GoldenCase } from './graphs-golden.js';

const velocityTolerance = 2e-4;

const opened = new Map<string, Promise<CheckpointComponents>>();
const open = (checkpoint: string) => {
  const components = opened.get(checkpoint) ?? openComponents({ checkpoint });
  opened.set(checkpoint, components);
  return components;
};
afterAll(async () => {
  for (const components of opened.values()) await (await components).close();
});

/** The samples of the case's first transformer call: the positive prompts, then the negative ones. */
function firstCall({ tensors }: GoldenCase): { latents: Tensor; embeds: Tensor }[] {
  const latents = tensors.get('initial_latents')!;
  return ['prompt_embeds', 'negative_prompt_embeds'].flatMap((kind) =>
    Array.from({ length: latents.rows }, (_, i) => tensors.get(`${kind}${i}`))
      .filter((embeds) => embeds !== undefined)
      .map((embeds, i) => ({ latents: latents.row(i), embeds })),
  );
}

describe.each([
  'turbo-en',
  'turbo-zh',
  'turbo-wide-long',
  'turbo-pair-batch',
  'base-cfg',
  'tiny-base',
  'tiny-batch-mixed-captions',
  'tiny-guided-normalized',
])('networks on the reference inputs of %s', (name) => {
  const golden = goldenCase(name);
  const samples = firstCall(golden);

  it.each(samples.map((_, i) => i))('velocity of sample %i', async (i) => {
    const { denoiser } = await open(golden.checkpoint);
    const { latents, embeds } = samples[i]!;
    const modulation = (await denoiser.modulations([1 - golden.sigmas[0]!])).row(0);
    const [velocity] = await denoiser.velocity([{ latents, caption: await denoiser.caption(embeds), modulation }]);
    const expected = golden.tensors.get('velocity0')!.row(i);
    expect(velocity!.dims).toEqual(expected.dims);
    const e = relativeError(velocity!, expected);
    console.log(name, i, e);
    expect(e).toBeLessThan(velocityTolerance);
  });
});
