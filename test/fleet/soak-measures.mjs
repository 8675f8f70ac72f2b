/** What the soak watches: memory of processes, and Redis' keys. */
import { execFileSync } from 'node:child_process';
import { clearInterval, setInterval } from 'node:timers';
import { slope } from '../../bench/results-file.mjs';

const everyMs = 2_000;

export const residentMb = (pid) =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

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
      this.samples[name].push([(Date.now() - this.startedAt) / 60_000, residentMb(pid)]);
    }
  }

  /** Stops, and says of each process: MB after the first fifth, MB now, and MB a minute over the second half. */
  report() {
    this.sample();
    clearInterval(this.timer);
    return Object.entries(this.samples).map(([name, samples]) => ({
      name,
      warmMb: samples[Math.floor(samples.length / 5)][1],
      endMb: samples.at(-1)[1],
      slopeMb: slope(samples.slice(Math.floor(samples.length / 2))),
    }));
  }
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
