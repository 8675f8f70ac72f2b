import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  InputImageError,
  openEngine,
  UnsupportedSize,
  UnsupportedStrength,
  type ImageEngine,
  type ImageRequest,
} from '@app/inference';
import { openPipeline } from '../../libs/inference/src/open-pipeline.js';
import { eventually } from '../support/eventually.js';
import { checkpointOf, goldenCase, psnr } from '../support/golden.js';
import { smallRequest } from '../support/small-request.js';

// As docs/numerics.md states it: a request gives the same image alone and in any batch.
const imagePsnr = 50;

const base: ImageRequest = {
  prompt: 'red apple',
  negativePrompt: null,
  width: 192,
  height: 192,
  steps: 4,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed: 1,
};
const longPrompt =
  'a kitchen knife to the left of a red apple, flat icon, cartoon style on a green background, with a rainbow';
const input = (file: string) => readFileSync(join(goldenCase('tiny-inpaint').folder, file));
const image = input('input.png');
/** Kinds, sizes, steps, captions, guidance and seeds all differ; most still find someone to share calls with. */
const mixed: ImageRequest[] = [
  base,
  { ...base, seed: 2, steps: 8 },
  { ...base, prompt: '火箭，扁平风格，深蓝色背景', seed: 3, guidanceScale: 2, negativePrompt: 'blur' },
  { ...base, prompt: longPrompt, seed: 4 },
  { ...base, prompt: `${longPrompt} above`, seed: 5, guidanceScale: 3, cfgNormalization: true, cfgTruncation: 0.5 },
  { ...base, width: 320, height: 192, seed: 6 },
  { ...base, prompt: 'cat face', seed: 7, steps: 2 },
  { ...base, seed: 9, steps: 8, source: { kind: 'image-to-image', image, strength: 0.6 } },
  { ...base, seed: 10, source: { kind: 'inpaint', image, mask: input('mask.png'), strength: 1 }, guidanceScale: 2 },
  { ...base, seed: 8, alone: true },
];

describe('the engine’s batch', () => {
  let engine: ImageEngine;
  const solo: Uint8Array[] = [];

  beforeAll(async () => {
    engine = await openEngine({ checkpoint: checkpointOf('z-image-nano-turbo'), tokenBudget: 2048 });
    for (const request of mixed) solo.push((await engine.run(request)).pixels);
  });
  afterAll(() => engine.close());

  it('gives each request its solo image when all are posted at once', async () => {
    // One of the first one's layout that runs for as long as that does.
    const ended = new AbortController();
    let neighbour: Promise<unknown> = Promise.resolve();
    await new Promise<void>((onStep) => {
      neighbour = engine.run({ ...base, seed: 98, steps: 2_000 }, { onStep: () => onStep() }, ended.signal);
    });
    const running = mixed.map((request) => engine.run(request));
    await running[0];
    ended.abort(new Error('seen enough'));
    await expect(neighbour).rejects.toThrow('seen enough');
    const made = await Promise.all(running);
    made.forEach(({ pixels }, i) => expect(psnr(pixels, solo[i]!)).toBeGreaterThanOrEqual(imagePsnr));
    expect(made[0]!.batch.max).toBeGreaterThan(1);
    expect(made.at(-1)!.batch).toEqual({ max: 1, mean: 1 });
    expect(engine.tokensInFlight).toBe(0);
  });

  it('does so when requests join and leave at any step', async () => {
    let started = 0;
    const running: Promise<number>[] = [];
    const canceled: Promise<void>[] = [];
    const startNext = (): void => {
      const index = started++;
      const request = mixed[index];
      if (!request) return;
      // Each request's first step brings in the next one; every third also brings one that is cancelled at its second step.
      const onStep = (step: number): void => {
        if (step === 1) startNext();
      };
      running.push(engine.run(request, { onStep }).then(({ pixels }) => psnr(pixels, solo[index]!)));
      if (index % 3 === 0) canceled.push(expect(canceledAtSecondStep()).rejects.toThrow('canceled'));
    };
    const canceledAtSecondStep = (): Promise<unknown> => {
      const abort = new AbortController();
      const onStep = (step: number): void => {
        if (step === 2) abort.abort(new Error('canceled'));
      };
      return engine.run({ ...base, seed: 99 }, { onStep }, abort.signal);
    };
    startNext();
    for (let i = 0; i < mixed.length; i++) expect(await running[i]).toBeGreaterThanOrEqual(imagePsnr);
    await Promise.all(canceled);
    expect(canceled).toHaveLength(4);
  });

  it('gives the same bytes again, and the same image from another number of threads', async () => {
    expect(Buffer.compare((await engine.run(base)).pixels, solo[0]!)).toBe(0);
    const single = await openEngine({ checkpoint: checkpointOf('z-image-nano-turbo'), tokenBudget: 2048, threads: 1 });
    try {
      expect(psnr((await single.run(base)).pixels, solo[0]!)).toBeGreaterThanOrEqual(imagePsnr);
    } finally {
      await single.close();
    }
  });

  it('previews the image that a request is on its way to, and makes the same image', async () => {
    // Time for many previews, of which most are overtaken.
    const request = { ...base, steps: 72 };
    const { pixels: made } = await engine.run(request);
    const previews: [number, number][] = [];
    const onPreview = (step: number, { pixels }: { pixels: Uint8Array }): void =>
      void previews.push([step, psnr(pixels, made)]);
    const { pixels } = await engine.run({ ...request, previewEvery: 9 }, { onPreview });
    expect(Buffer.compare(pixels, made)).toBe(0);
    // Steps do not wait for previews: some are overtaken by the next.
    const steps = previews.map(([step]) => step);
    expect(steps.length).toBeGreaterThan(1);
    expect(steps).toEqual([9, 18, 27, 36, 45, 54, 63].filter((step) => steps.includes(step)));
    expect(previews.at(-1)![1]).toBeGreaterThan(previews[0]![1]);
    expect(previews.at(-1)![1]).toBeGreaterThan(25);
  });

  it('lets a small image of few steps that comes late leave before a large one of many', async () => {
    const order: string[] = [];
    let small: Promise<unknown> = Promise.resolve();
    const onStep = (step: number): void => {
      if (step === 2) small = engine.run({ ...base, width: 64, height: 64 }).then(() => order.push('small'));
    };
    await engine.run({ ...base, width: 384, height: 384, steps: 12 }, { onStep }).then(() => order.push('large'));
    await small;
    expect(order).toEqual(['small', 'large']);
  });

  it('goes on stepping while a large image is decoded', async () => {
    const stepsAt: number[] = [];
    const ended = new AbortController();
    const small = engine.run(
      { ...base, width: 64, height: 64, steps: 10_000 },
      { onStep: () => stepsAt.push(performance.now()) },
      ended.signal,
    );
    // One thread for both would leave room for one at most, each time. A busy machine may leave little more now and then.
    await eventually(async () => {
      let decodedFrom = 0;
      const onStep = (): void => void (decodedFrom = performance.now());
      await engine.run({ ...base, width: 512, height: 512, steps: 1 }, { onStep });
      const decodedAt = performance.now();
      return stepsAt.filter((at) => at > decodedFrom && at < decodedAt).length > 4;
    });
    ended.abort(new Error('seen enough'));
    await expect(small).rejects.toThrow('seen enough');
  });

  it('goes on stepping while a long prompt is encoded', async () => {
    const opened = await openPipeline({ checkpoint: checkpointOf('z-image-nano-turbo') });
    const { pipeline } = opened;
    const samples = pipeline.samples(await pipeline.prepare(smallRequest));
    const stepsWhile = async (work: Promise<unknown>): Promise<number> => {
      let ended = false as boolean;
      const end = work.finally(() => (ended = true));
      let steps = 0;
      for (; !ended; steps++) await pipeline.evaluate(samples);
      await end;
      return steps;
    };
    // One thread for both would leave room for one at most, however often it is tried; a busy machine may need a few tries.
    let most = 0;
    for (let tries = 0; tries < 100 && most < 4; tries++) {
      most = Math.max(most, await stepsWhile(pipeline.embed({ ...smallRequest, prompt: `${longPrompt} `.repeat(50) })));
    }
    await opened.close();
    expect(most).toBeGreaterThanOrEqual(4);
  });

  it('refuses a size that the checkpoint cannot make, naming the side', async () => {
    await expect(engine.run({ ...base, height: 200 })).rejects.toThrow(UnsupportedSize);
    await expect(engine.run({ ...base, height: 200 })).rejects.toThrow(/^height: .* multiple of 16 px/);
  });

  it('runs the steps that a strength leaves, and says so', async () => {
    const steps: number[][] = [];
    const source = { kind: 'image-to-image' as const, image, strength: 0.3 };
    await engine.run({ ...base, steps: 8, source }, { onStep: (...each) => steps.push(each) });
    expect(steps).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('refuses a source that it cannot start from, naming what is wrong', async () => {
    const started = (strength: number, file: Uint8Array = image) =>
      engine.run({ ...base, source: { kind: 'image-to-image', image: file, strength } });
    await expect(started(0)).rejects.toThrow(/^strength: 0 leaves none of 4 steps/);
    await expect(started(2)).rejects.toThrow(UnsupportedStrength);
    await expect(started(1, image.subarray(0, 300))).rejects.toThrow(InputImageError);
    expect(engine.tokensInFlight).toBe(0);
  });
});
