/** A day of jobs, drawn from a seed: each arrives at `atS` seconds and is `gpuSeconds` of one worker's work. */

const daySeconds = 86_400;
/** Images of a job, and their share of the jobs. */
const images = [
  [1, 0.7],
  [2, 0.15],
  [4, 0.15],
];
const meanImages = images.reduce((sum, [count, share]) => sum + count * share, 0);

/**
 * Office hours: the load rises from nothing at 06:00 to `peakWorkers` workers' worth at 14:00 and is back at nothing at 22:00,
 * with a job now and then in the night.
 */
export function diurnal({ seed, peakWorkers, imageSeconds }) {
  const random = mulberry32(seed);
  const peakRate = peakWorkers / (meanImages * imageSeconds);
  const rateAt = (atS) => Math.max(peakRate * Math.sin((Math.PI * (atS / 3600 - 6)) / 16), 1 / 3600);
  const jobs = [];
  // Thinning: arrivals at the peak's rate, each kept with the share that the hour has of it.
  for (let atS = 0; (atS += exponential(random, peakRate)) < daySeconds;) {
    const awake = atS > 6 * 3600 && atS < 22 * 3600;
    if (random() * peakRate < (awake ? rateAt(atS) : 1 / 3600)) jobs.push(draw(random, atS, imageSeconds));
  }
  return jobs;
}

/** Campaigns: some 24 bursts a day of 50 to 500 jobs within two minutes each, and next to nothing between them. */
export function bursty({ seed, imageSeconds }) {
  const random = mulberry32(seed);
  const jobs = [];
  for (let atS = 0; (atS += exponential(random, 1 / 3600)) < daySeconds;) {
    const count = 50 + Math.floor(random() * 451);
    for (let i = 0; i < count; i++) jobs.push(draw(random, atS + random() * 120, imageSeconds));
  }
  for (let atS = 0; (atS += exponential(random, 1 / 900)) < daySeconds;) jobs.push(draw(random, atS, imageSeconds));
  return jobs.sort((a, b) => a.atS - b.atS);
}

function draw(random, atS, imageSeconds) {
  let share = random();
  const [count] = images.find(([, each]) => (share -= each) < 0) ?? images[0];
  return { atS, gpuSeconds: count * imageSeconds };
}

const exponential = (random, rate) => -Math.log(1 - random()) / rate;

/** Uniform in [0, 1), 32 bits of state: the same day on every machine. */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
