import type { Rules } from './rules.js';
import type { Run, System } from './system.js';

/** What BullMQ does with its record of the job. */

/** Adding an id that is there already changes nothing. */
export const add = (system: System, fenceBase: number): System =>
  system.place === 'absent' ? { ...system, place: 'waiting', lastFence: fenceBase } : system;

export function fetch(system: System, rules: Rules): System {
  const number = system.fetches + 1;
  const fence = system.lastFence + 1;
  return {
    ...system,
    place: 'active',
    lastFence: fence,
    lock: tokenOf(number, rules),
    fetches: number,
    runs: [...system.runs, { number, fence, phase: 'fetched', image: 0 }],
  };
}

/** A lock keeps a job from being removed. */
export const remove = (system: System): System =>
  system.place !== 'absent' && system.lock === 0 ? { ...system, place: 'absent' } : system;

export const complete = (system: System, run: Run, rules: Rules): System =>
  holds(system, run, rules) ? { ...system, place: 'absent', lock: 0 } : system;

export const moveToWait = (system: System, run: Run, rules: Rules): System =>
  holds(system, run, rules) ? { ...system, place: 'waiting', lock: 0 } : system;

export const recoverStalled = (system: System): System =>
  system.place === 'active' && system.lock === 0 ? { ...system, place: 'waiting' } : system;

const holds = (system: System, run: Run, rules: Rules): boolean =>
  system.place === 'active' && system.lock === tokenOf(run.number, rules);

/** All runs may be one worker's. */
const tokenOf = (run: number, rules: Rules): number => (rules.tokenPerFetch ? run : 1);
