/**
 * The trained nano checkpoint on a provider against the same on the CPU in float32: error of the first velocity and of the
 * image. usage: parity.mjs --provider cuda [--precision bfloat16]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPipeline } from '../../dist/libs/inference/src/open-pipeline.js';
import { deviceName, writeSection } from './device.mjs';

const { values: flags } = parseArgs({
  options: { provider: { type: 'string', default: 'cuda' }, precision: { type: 'string' } },
});
const checkpoint = fileURLToPath(new URL('../../models/z-image-nano-turbo', import.meta.url));
const executionProviders = flags.provider === 'cpu' ? ['cpu'] : [flags.provider, 'cpu'];
/** What bfloat16 may leave of a velocity. */
const bound = 2e-2;

const request = {
  prompt: 'red apple',
  negativePrompt: null,
  source: null,
  width: 256,
  height: 256,
  steps: 8,
  guidance: { scale: 0, normalization: 0, truncation: 1 },
  noise: { seed: 1, index: 0, count: 1 },
};

async function make(options) {
  const { pipeline, close } = await openPipeline({ checkpoint, ...options });
  let state = await pipeline.prepare(request);
  let first = null;
  for (let samples = pipeline.samples(state); samples.length > 0; samples = pipeline.samples(state)) {
    const velocities = await pipeline.evaluate(samples);
    first ??= velocities[0].data;
    state = pipeline.advance(state, velocities);
  }
  const { image } = await pipeline.finish(state);
  await close();
  return { first, pixels: image.pixels };
}

const rms = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const differences = (a, b) => Float64Array.from(a, (value, i) => value - b[i]);

const expected = await make({ executionProviders: ['cpu'] });
const actual = await make({ executionProviders, ...(flags.precision && { precision: flags.precision }) });
const error = rms(differences(actual.first, expected.first)) / rms(expected.first);
const decibels = 20 * Math.log10(255 / rms(differences(actual.pixels, expected.pixels)));
writeSection(
  `parity ${flags.provider}`,
  `## Parity, ${flags.provider}

z-image-nano-turbo on ${deviceName(flags.provider)}, ${flags.precision ?? "the provider's own precision"}, against the CPU in float32: first velocity off by ${error.toExponential(1)} (root mean square over root mean square; bound ${bound.toExponential(0)}), image PSNR ${decibels === Infinity ? 'infinite' : `${decibels.toFixed(1)} dB`}.`,
);
if (!(error <= bound)) process.exitCode = 1;
