/** What the soak watches: memory of processes, and Redis' keys. */
import { execFileSync } from 'node:child_process';
import { clearInterval, setInterval } from 'node:timers';

const everyMs = 2_000;

/** Resident memory of processes over time. */
export class MemoryWatch {
  /** @param {Record<string, number>} pids by name */
  constructor(pids) {
    this.pids = pids;
    this.samples = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
    this.startedAt = Date.now();
    this.timer = setInterval(() => this.sample(), everyMs);
  }

  sample() {
    for (const [name, pid] of Object.entries(this.pids)) {
      const rssKb = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
      this.samples[name].push({ minutes: (Date.now() - this.startedAt) / 60_000, mb: rssKb / 1024 });
    }
  }

  /** Stops, and says of each process: MB after the first fifth, MB now, and MB a minute over the second half. */
  report() {
    this.sample();
    clearInterval(this.timer);
    return Object.entries(this.samples).map(([name, samples]) => ({
      name,
      warmMb: samples[Math.floor(samples.length / 5)].mb,
      endMb: samples.at(-1).mb,
      slopeMb: slope(samples.slice(Math.floor(samples.length / 2))),
    }));
  }
}

/** Least squares. */
function slope(samples) {
  const mean = (field) => samples.reduce((sum, sample) => sum + sample[field], 0) / samples.length;
  const [minutes, mb] = [mean('minutes'), mean('mb')];
  const covariance = samples.reduce((sum, sample) => sum + (sample.minutes - minutes) * (sample.mb - mb), 0);
  return covariance / samples.reduce((sum, sample) => sum + (sample.minutes - minutes) ** 2, 0);
}

/** Every key of Redis with the milliseconds it has left; -1 for ever. */
export async function keysOf(redis) {
  const keys = [];
  for await (const page of redis.scanStream({ count: 1000 })) keys.push(...page);
  const left = await Promise.all(keys.map((key) => redis.pttl(key)));
  // -2: went meanwhile.
  return new Map(keys.map((key, i) => [key, left[i]]).filter(([, ms]) => ms !== -2));
}

/** Lets what is kept for a time go now, as its time would. */
export async function expireAll(redis) {
  const keys = [...(await keysOf(redis))].filter(([, left]) => left >= 0).map(([key]) => key);
  await Promise.all(keys.map((key) => redis.pexpire(key, 1)));
  return keys.length;
}
