/** One engine in a process of its own: SIDE 0 only opens it. Prints how long that took and what memory it held, MB. */
import { performance } from 'node:perf_hooks';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { request } from './request-mix.mjs';

const [, , checkpoint, side] = process.argv;
const from = performance.now();
const engine = await openEngine({ checkpoint, tokenBudget: 8192 });
const readyMs = performance.now() - from;
const loadedMb = process.memoryUsage().rss / 2 ** 20;
if (Number(side) > 0) await engine.run(request(Number(side), 1));
process.stdout.write(JSON.stringify({ readyMs, loadedMb, peakMb: process.resourceUsage().maxRSS / 1024 }));
await engine.close();
