/** A request of z-image-nano-turbo; sizes in pixels. */
export const request = (side, steps, seed = 1, prompt = 'red apple') => ({
  prompt,
  negativePrompt: null,
  width: side,
  height: side,
  steps,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed,
});

/** Kinds of request and their share of the arrivals. */
export const kinds = [
  { name: 'small', share: 0.6, side: 128, steps: 4 },
  { name: 'middle', share: 0.3, side: 256, steps: 8 },
  { name: 'large', share: 0.1, side: 384, steps: 16 },
];

/** The same arrivals for every contestant: Poisson, `meanGapMs` apart, with kinds drawn by their share. */
export function arrivals(count, meanGapMs, seed = 1) {
  let state = seed;
  const random = () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  let atMs = 0;
  return Array.from({ length: count }, (_, i) => {
    atMs += -Math.log(1 - random()) * meanGapMs;
    const drawn = random();
    const kind = kinds.find((_, k) => drawn < kinds.slice(0, k + 1).reduce((sum, { share }) => sum + share, 0));
    return { atMs, kind: kind ?? kinds[0], request: request((kind ?? kinds[0]).side, (kind ?? kinds[0]).steps, i) };
  });
}
