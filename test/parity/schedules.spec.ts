import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeImage, openEngine, type ImageEngine, type ImageRequest } from '@app/inference';
import { checkpointOf, psnr } from '../support/golden.js';

// As docs/numerics.md states it: a request gives the same image alone and in any batch.
const imagePsnr = 50;
const schedules = 5;
const requestsOfOne = 44;

const base: ImageRequest = {
  prompt: 'red apple',
  negativePrompt: null,
  width: 64,
  height: 64,
  steps: 3,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed: 1,
};

/** Kinds, sizes, steps, captions, guidance and seeds differ; each finds some to share calls with. */
async function requestPool(): Promise<ImageRequest[]> {
  const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 31) % 251);
  const image = await encodeImage({ width: 64, height: 64, pixels }, { format: 'png' });
  const halfWhite = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i < 64 * 32 * 3 ? 255 : 0));
  const mask = await encodeImage({ width: 64, height: 64, pixels: halfWhite }, { format: 'png' });
  const longPrompt = 'a red apple to the left of a kitchen knife, flat icon, cartoon style on a green background';
  const guided = { guidanceScale: 3, negativePrompt: 'blur' };
  return [
    base,
    { ...base, seed: 2, steps: 6 },
    { ...base, seed: 3, ...guided },
    { ...base, seed: 4, prompt: longPrompt, steps: 2 },
    { ...base, seed: 5, prompt: longPrompt, ...guided, cfgNormalization: true, cfgTruncation: 0.5, steps: 5 },
    { ...base, seed: 6, width: 96 },
    { ...base, seed: 7, width: 96, ...guided, steps: 1 },
    { ...base, seed: 8, steps: 4, source: { kind: 'image-to-image', image, strength: 0.6 } },
    { ...base, seed: 9, steps: 4, ...guided, source: { kind: 'image-to-image', image, strength: 1 } },
    { ...base, seed: 10, steps: 5, source: { kind: 'inpaint', image, mask, strength: 0.8 } },
  ];
}

/** What a request does in a schedule; turns are of the event loop. */
const joining = fc.record({
  which: fc.nat(),
  afterTurns: fc.nat({ max: 12 }),
  cancelAfterTurns: fc.option(fc.nat({ max: 30 }), { freq: 5 }),
  alone: fc.nat({ max: 9 }).map((chance) => chance === 0),
  previewEvery: fc.nat({ max: 2 }),
});

describe('random schedules of joins, leaves and cancels', () => {
  let engine: ImageEngine;
  let pool: ImageRequest[];
  const solo: Uint8Array[] = [];

  beforeAll(async () => {
    pool = await requestPool();
    engine = await openEngine({ checkpoint: checkpointOf('tiny-t2i'), tokenBudget: 160 });
    for (const request of pool) solo.push((await engine.run(request)).pixels);
  });
  afterAll(() => engine.close());

  it(`give ${schedules * requestsOfOne} requests their solo images, and cancelled ones the reason`, async () => {
    const schedule = fc.array(joining, { minLength: requestsOfOne, maxLength: requestsOfOne });
    const property = fc.asyncProperty(schedule, async (joins) => {
      const runs: Promise<unknown>[] = [];
      for (const { which, afterTurns, cancelAfterTurns, alone, previewEvery } of joins) {
        for (let turn = 0; turn < afterTurns; turn++) await nextTurn();
        const index = which % pool.length;
        const abort = new AbortController();
        const observer = { onPreview: (): void => undefined };
        runs.push(
          engine.run({ ...pool[index]!, alone, previewEvery }, observer, abort.signal).then(
            ({ pixels }) => expect(psnr(pixels, solo[index]!)).toBeGreaterThanOrEqual(imagePsnr),
            (error: unknown) => expect(error).toBe(abort.signal.reason),
          ),
        );
        if (cancelAfterTurns !== null) runs.push(cancelled(abort, cancelAfterTurns));
      }
      await Promise.all(runs);
      expect(engine.tokensInFlight).toBe(0);
    });
    // A failure names its seed; searching for a smaller one would take longer than the suite may.
    await fc.assert(property, { numRuns: schedules, endOnFailure: true });
  });

  const cancelled = async (abort: AbortController, turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    abort.abort(new Error('canceled'));
  };
});
