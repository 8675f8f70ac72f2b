import type { StepPort } from './step-port.js';

/** Every request in flight is to get a step within this time: the tokens of one round of steps follow from it. */
const roundMs = 2000;
/** Timed calls end after this many, or when they have taken this long together. */
const calls = { most: 4, forMs: 600 };

/** What a step costs here, as measured when the engine opened. */
export interface StepCost {
  /** Of one sample in a call of its own. Larger images cost more: attention grows with the square. */
  msPerToken: number;
  /** Image tokens × guidance passes of which all get a step within two seconds; not below one warm-up image. */
  tokenBudget: number;
}

/**
 * Runs a request of one step and no guidance through every stage, so that each network has its memory, and times its step: the
 * fastest call counts, since a busy machine only makes calls slower.
 */
export async function warmUp<Request, State, Sample, Result, Preview>(
  port: StepPort<Request, State, Sample, Result, Preview>,
  request: Request,
): Promise<StepCost> {
  const state = await port.prepare(request);
  const samples = port.samples(state);
  // The first call allocates; it is not timed.
  const outputs = await port.evaluate(samples);
  const startedAt = performance.now();
  let fastestMs = Infinity;
  for (let call = 0; call < calls.most && (call === 0 || performance.now() - startedAt < calls.forMs); call++) {
    const from = performance.now();
    await port.evaluate(samples);
    fastestMs = Math.min(fastestMs, performance.now() - from);
  }
  await port.finish(port.advance(state, outputs));
  const tokens = port.tokens(request);
  const msPerToken = fastestMs / tokens;
  return { msPerToken, tokenBudget: Math.max(tokens, Math.floor(roundMs / msPerToken)) };
}
