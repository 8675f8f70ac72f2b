import type { Tensor } from '../tensor/tensor.js';
import type { StepPort } from './step-port.js';

/** Every request in flight is to get a step within this time: the tokens of one round of steps follow from it. */
const roundMs = 2000;
/** Timed calls of a kind end after this many, or when they have taken this long together. */
const calls = { most: 4, forMs: 600 };
/** What a call costs whatever is in it may be this share of a call; a fuller one would gain less than its samples wait. */
const fixedShare = 0.05;

/** What a step costs here, as measured when the engine opened. */
export interface StepCost {
  /** Of one sample in a call of its own. Larger images cost more: attention grows with the square. */
  msPerToken: number;
  /** Image tokens × guidance passes of which all get a step within two seconds; not below one warm-up image. */
  tokenBudget: number;
  /** Tokens from which on a fuller call is hardly faster for each sample; not below a full call of warm-up images. */
  tokensPerCall: number;
}

/**
 * Runs a request of one step and no guidance through every stage, so that each network has its memory, and times its step,
 * alone and `samplesPerCall` times in a call: the fastest call counts, since a busy machine only makes calls slower.
 */
export async function warmUp<Request, State, Sample, Result, Preview>(
  port: StepPort<Request, State, Sample, Result, Preview>,
  request: Request,
  samplesPerCall: number,
  now: () => number = () => performance.now(),
): Promise<StepCost> {
  const state = await port.prepare(request);
  const samples = port.samples(state);
  // The first call allocates; it is not timed.
  const outputs = await port.evaluate(samples);
  const tokens = port.tokens(request);
  const aloneMs = await fastestMs(() => port.evaluate(samples), calls.most, now);
  const msPerToken = aloneMs / tokens;
  const tokenBudget = Math.max(tokens, Math.floor(roundMs / msPerToken));

  let tokensPerCall = samplesPerCall * tokens;
  // Where a call takes that long its fixed part is small, and a start must not take minutes to find out.
  if (aloneMs < calls.forMs / samplesPerCall) {
    const full = Array.from({ length: samplesPerCall }, () => samples).flat();
    const fullMs = await fastestMs(() => port.evaluate(full), 2, now);
    // A call of n tokens takes fixedMs + n · msPerFurtherToken.
    const msPerFurtherToken = Math.max(0, fullMs - aloneMs) / ((samplesPerCall - 1) * tokens);
    const fixedMs = Math.max(0, aloneMs - tokens * msPerFurtherToken);
    tokensPerCall = Math.max(tokensPerCall, Math.ceil((fixedMs * (1 / fixedShare - 1)) / msPerFurtherToken));
  }
  await port.finish(port.advance(state, outputs));
  return { msPerToken, tokenBudget, tokensPerCall };
}

/** Runs a request of one step through every stage. */
export async function runThrough<Request, State, Sample, Result, Preview>(
  port: StepPort<Request, State, Sample, Result, Preview>,
  request: Request,
): Promise<void> {
  const state = await port.prepare(request);
  const outputs: Tensor[] = [];
  // A call each: a guidance pair may have two layouts.
  for (const sample of port.samples(state)) outputs.push(...(await port.evaluate([sample])));
  await port.finish(port.advance(state, outputs));
}

async function fastestMs(call: () => Promise<unknown>, most: number, now: () => number): Promise<number> {
  const startedAt = now();
  let fastest = Infinity;
  for (let made = 0; made < most && (made === 0 || now() - startedAt < calls.forMs); made++) {
    const from = now();
    await call();
    fastest = Math.min(fastest, now() - from);
  }
  return fastest;
}
