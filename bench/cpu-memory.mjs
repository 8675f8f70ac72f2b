/** Start-up time, memory by image size, and how far a request's image in a batch is from its solo image. */
import { execFileSync } from 'node:child_process';
import { inspectCheckpoint, openEngine } from '../dist/libs/inference/src/index.js';
import { arrivals } from './request-mix.mjs';
import { median, writeSection } from './results-file.mjs';

const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const script = new URL('memory-process.mjs', import.meta.url).pathname;
const measure = (side) => JSON.parse(execFileSync(process.execPath, [script, checkpoint, String(side)]));

const opened = [0, 0, 0].map(measure);
const bySide = [256, 512, 1024].map((side) => {
  const { peakMb } = measure(side);
  // As for an engine that never has more in flight than this one image.
  const [estimate] = inspectCheckpoint(checkpoint, { tokenBudget: (side / 16) ** 2, samplesPerCall: 1 }).memory;
  const estimatedMb = estimate.hostBytes / 2 ** 20;
  return `| ${side} × ${side} | ${peakMb.toFixed(0)} MB | ${estimatedMb.toFixed(0)} MB | ${(peakMb / estimatedMb).toFixed(2)} |`;
});
writeSection(
  'memory',
  `## Start-up and memory

z-image-nano-turbo, each figure from a process of its own. Ready (checkpoint opened, graphs built, warm-up image made, a step timed): ${(median(opened.map(({ readyMs }) => readyMs)) / 1000).toFixed(2)} s. Resident memory then: ${median(opened.map(({ loadedMb }) => loadedMb)).toFixed(0)} MB.

| one image of | peak resident memory | estimated before loading | ratio |
|---|---|---|---|
${bySide.join('\n')}`,
);

/** In dB; Infinity when every byte is equal. */
const psnr = (a, b) =>
  10 * Math.log10(255 ** 2 / (a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length));

const engine = await openEngine({ checkpoint, tokenBudget: 8192 });
const requests = arrivals(16, 1).map(({ request }) => request);
const solo = [];
for (const each of requests) solo.push(await engine.run(each));
const batched = await Promise.all(requests.map((each) => engine.run(each)));
await engine.close();
const decibels = batched.map(({ pixels }, i) => psnr(pixels, solo[i].pixels));
const lowest = Math.min(...decibels);
writeSection(
  'invariance',
  `## Batch invariance

${requests.length} requests of mixed sizes and steps, alone and then all at once (up to ${Math.max(...batched.map(({ batch }) => batch.max))} in a call): ${decibels.filter((each) => each === Infinity).length} images equal to the byte, lowest PSNR ${lowest === Infinity ? 'infinite' : `${lowest.toFixed(1)} dB`}.`,
);
