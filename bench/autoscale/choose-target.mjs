/** Which backlog a replica (KEDA's targetValue) a model should have, by a simulated quiet and a simulated busy day. */
import { tokensPerImage } from '../../dist/libs/common/src/jobs/cost.js';
import { fixedScaler, kedaScaler } from './scaler.mjs';
import { simulate } from './simulate.mjs';
import { bursty, diurnal } from './traces.mjs';

/** So many jobs that wait for an hour, together, are as bad as a GPU held for an hour. */
const waitingJobsPerGpu = 10;
const targets = [2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90];
const fixedCounts = [1, 2, 4, 5, 6, 8];
/** Workers' worth of work at the peak of the office hours. */
const peakWorkers = 4;

/**
 * From a pod's creation to its first job, in seconds. GPU: 30 for the node, the pod and the image, 205 for 20.5 GB of the 6B
 * model's weights at 100 MB/s, 5 for the process and its warm-up: stated, not measured. CPU: 8 for the pod, and 2 for a worker
 * with a nano model, which bench/autoscale.mjs measures.
 */
export const coldStartS = { gpu: 240, cpu: 10 };

/** GPU-seconds of one image at a catalog entry's defaults; of an edit with one reference image of the same size. */
export function imageSeconds({ kinds = [], defaults, reference_rate: rate }) {
  const { width, height, steps } = defaults;
  const images = kinds[0] === 'edit' ? [{ width, height }] : [];
  return (tokensPerImage({ ...defaults, images }) * steps) / rate;
}

/**
 * @param {{ scaling: object, imageSeconds: number, coldStartS: number }} model `scaling` as readScaling gives it
 * @returns the chosen target, and the simulated days of every target
 */
export function chooseTarget({ scaling, imageSeconds, coldStartS }) {
  const days = daysOf(imageSeconds);
  const scaled = targets.map((targetGpuSeconds) => ({
    targetGpuSeconds,
    ...both(days, (jobs) => simulate(jobs, kedaScaler({ ...scaling, targetGpuSeconds }), { coldStartS })),
  }));
  return { target: cheapest(scaled).targetGpuSeconds, scaled };
}

/** The same days with a number of workers that are always there. */
export function fixedReplicas({ imageSeconds }) {
  const days = daysOf(imageSeconds);
  return fixedCounts.map((replicas) => ({
    replicas,
    ...both(days, (jobs) => simulate(jobs, fixedScaler(replicas), { coldStartS: 0, initialReplicas: replicas })),
  }));
}

export const cheapest = (choices) => choices.toSorted((a, b) => a.cost - b.cost)[0];

const daysOf = (imageSeconds) => ({
  office: diurnal({ seed: 1, peakWorkers, imageSeconds }),
  bursts: bursty({ seed: 2, imageSeconds }),
});

function both(days, run) {
  const office = run(days.office);
  const bursts = run(days.bursts);
  return { office, bursts, cost: costOf(office) + costOf(bursts) };
}

/** GPU-hours, the jobs' waits turned into them. */
const costOf = ({ gpuHours, waitsS }) =>
  gpuHours + waitsS.reduce((sum, wait) => sum + wait, 0) / 3600 / waitingJobsPerGpu;
