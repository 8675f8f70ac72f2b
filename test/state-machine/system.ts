import type { JobState, TerminalState } from '@app/common/contracts/job-states.js';

/**
 * One job and all that acts on it, as far as it decides what may happen next. A step of any actor makes a new one; nothing
 * is changed in place. Runs are numbered by fetch, from 1; 0 stands for none.
 */
export interface System {
  /** The process that accepts the job: it writes the document, adds the job to BullMQ, takes it off the janitor's list. */
  readonly api: 'idle' | 'accepted' | 'added' | 'over';
  /** `none` before it is accepted, `gone` when the document has outlived its TTL. */
  readonly document: JobState | 'none' | 'gone';
  readonly fence: number;
  readonly fenceBase: number;
  readonly cancelRequested: boolean;
  readonly deadline: 'none' | 'ahead' | 'passed';
  readonly unqueued: boolean;
  readonly due: boolean;
  readonly leftovers: boolean;
  /** How often the document entered a terminal state: each time with an event, and webhooks in the outbox. */
  readonly ends: number;
  /** Where BullMQ has the job, the fence of its last fetch there, and whose lock is on it. */
  readonly place: 'absent' | 'waiting' | 'active';
  readonly lastFence: number;
  readonly lock: number;
  /** The run whose image lies under the job's key, and the one whose image the succeeded document describes. */
  readonly object: number;
  readonly described: number;
  /** Runs in workers that live, a stopped worker's included. */
  readonly runs: readonly Run[];
  /** Fetches so far, and how often BullMQ lost the job. */
  readonly fetches: number;
  readonly losses: number;
  /** The run whose `start` was the last to be granted. No process knows it: the rules have to make it show. */
  readonly owner: number;
}

/** What a worker knows of a job that it fetched. Between two of its steps it may be stopped for any time, or die. */
export interface Run {
  readonly number: number;
  readonly fence: number;
  readonly phase: 'fetched' | 'running' | 'discarding' | 'completing' | 'returning' | `ending ${TerminalState}`;
  /** The run whose image it would describe: its own after the upload, or the one it found there. */
  readonly image: number;
}

export const start: System = {
  api: 'idle',
  document: 'none',
  fence: 0,
  fenceBase: 0,
  cancelRequested: false,
  deadline: 'none',
  unqueued: false,
  due: false,
  leftovers: false,
  ends: 0,
  place: 'absent',
  lastFence: 0,
  lock: 0,
  object: 0,
  described: 0,
  runs: [],
  fetches: 0,
  losses: 0,
  owner: 0,
};

export const isOver = ({ document }: System): boolean =>
  document !== 'none' && document !== 'queued' && document !== 'running';

export const endedWithoutResult = ({ document }: System): boolean =>
  document === 'failed' || document === 'canceled' || document === 'expired';

/** Nothing is left to do, for anybody. */
export const isAtRest = (system: System): boolean =>
  isOver(system) && system.place === 'absent' && system.runs.length === 0 && !system.unqueued && !system.leftovers;

/**
 * The same system without what no rule looks at any more. What is over stays over, whatever the fences say, and its runs
 * differ only in what they still do to queue and storage.
 */
export function forget(system: System): System {
  if (!isOver(system)) return system.place === 'absent' ? { ...system, lastFence: 0 } : system;
  return {
    ...system,
    fence: 0,
    fenceBase: 0,
    cancelRequested: false,
    deadline: 'none',
    lastFence: 0,
    owner: 0,
    runs: system.runs.map((run) => ({
      ...run,
      fence: 0,
      phase: run.phase === 'running' || run.phase.startsWith('ending') ? 'ending failed' : run.phase,
      image: 0,
    })),
  };
}

/** Equal for equal systems. */
export function keyOf({ runs, ...fields }: System): string {
  let key = Object.values(fields).join('|');
  for (const { number, fence, phase, image } of runs) key += `|${number}:${fence}:${phase}:${image}`;
  return key;
}
