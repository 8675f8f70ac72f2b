import { fail, ok, warn, type Finding } from './finding.js';

/** Expiry of URLs and deadlines are off by as much. */
const warnMs = 2_000;
/** Receivers of Standard Webhooks refuse what is signed with a time five minutes off; S3 refuses at fifteen. */
const failMs = 300_000;

/** Two clocks read at about the same moment. */
export interface ClockReading {
  theirsMs: number;
  oursMs: number;
  /** Of the comparison: half the round trip, and the grain of their clock. */
  uncertaintyMs: number;
}

/** Compares the clock of `whose` machine with this one's. */
export function checkClock(whose: string, { theirsMs, oursMs, uncertaintyMs }: ClockReading): Finding {
  const check = `clock ${whose}`;
  const offMs = oursMs - theirsMs;
  const atLeastMs = Math.abs(offMs) - uncertaintyMs;
  if (atLeastMs <= warnMs)
    return ok(check, `within ${((Math.abs(offMs) + uncertaintyMs) / 1000).toFixed(1)} s of ours`);
  const message = `this machine is ${(Math.abs(offMs) / 1000).toFixed(1)} s ${offMs > 0 ? 'ahead of' : 'behind'} ${whose}`;
  const mend = 'keep both clocks by NTP (chrony or systemd-timesyncd)';
  return atLeastMs > failMs ? fail(check, message, mend) : warn(check, message, mend);
}
