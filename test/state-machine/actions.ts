import type { TerminalState } from '@app/common/contracts/job-states.js';
import * as document from './document-steps.js';
import * as queue from './queue-steps.js';
import type { Rules } from './rules.js';
import { endedWithoutResult, isOver, type Run, type System } from './system.js';

/**
 * What may happen next. `by` says whose step it is; time that passes and work that fails count among the faults. `run` is
 * the run that acts.
 */
export interface Action {
  name: string;
  by: 'api' | 'worker' | 'janitor' | 'client' | 'fault';
  run: number;
  next: System;
  /** What this step alone shows to be wrong. */
  wrong?: string;
}

export interface Bounds {
  /** Fetches of the job in all, and runs in hand at once. */
  fetches: number;
  runs: number;
  /** How often BullMQ may lose the job: a hand in the dashboard, a restore of an older Redis. */
  losses: number;
  deadline: boolean;
}

export function actions(system: System, rules: Rules, bounds: Bounds): Action[] {
  const found: Action[] = [];
  const may = (by: Action['by'], name: string, next: System, run = 0): void => {
    if (next !== system) found.push({ name, by, run, next });
  };
  if (system.api === 'idle') may('api', 'accept', document.accept(system, bounds.deadline));
  else if (system.api !== 'over') may('fault', 'the API dies', { ...system, api: 'over' });
  if (system.api === 'accepted') may('api', 'add', { ...queue.add(system, 0), api: 'added' });
  if (system.api === 'added') may('api', 'note that it is added', { ...system, unqueued: false, api: 'over' });
  if (system.document === 'none') return found;

  may('client', 'cancel', document.cancel(system, rules));
  if (isOver(system)) may('client', 'remove what is cancelled', queue.remove(system));
  if (!isOver(system) && system.deadline === 'ahead')
    may('fault', 'the deadline passes', { ...system, deadline: 'passed' });
  if (isOver(system) && system.document !== 'gone' && !system.leftovers) {
    may('fault', 'the document outlives its TTL', { ...system, document: 'gone', described: 0 });
  }

  if (rules.settleDue && system.due) {
    may('janitor', 'settle', document.settle(system, false));
    may('janitor', 'settle after the grace period', document.settle(system, true));
  }
  if (rules.addUnqueued && system.unqueued) {
    const missing = system.document === 'queued' && system.place === 'absent';
    const based = missing ? document.nextFenceBase(system, rules) : system;
    const added = missing ? queue.add(based, based.fenceBase) : system;
    may('janitor', 'add unqueued', { ...added, unqueued: false });
    if (missing) may('fault', 'the janitor dies after adding', added);
  }
  if (rules.requeueLost) may('janitor', 'requeue', document.requeue(system));
  if (isOver(system) && system.place === 'waiting') may('janitor', 'remove finished', queue.remove(system));
  if (system.leftovers) {
    const object = endedWithoutResult(system) ? 0 : system.object;
    may('janitor', 'discard leftovers', { ...system, leftovers: false, object });
  }
  if (rules.recoverStalled) may('janitor', 'recover stalled', queue.recoverStalled(system));
  if (system.lock !== 0) {
    const dead = system.runs.every(({ number }) => number !== system.lock);
    may(dead ? 'janitor' : 'fault', 'the lock runs out', { ...system, lock: 0 });
  }
  if (system.losses < bounds.losses && !isOver(system) && system.place !== 'absent') {
    may('fault', 'BullMQ loses the job', { ...system, place: 'absent', lock: 0, losses: system.losses + 1 });
  }
  if (system.place === 'waiting' && system.fetches < bounds.fetches && system.runs.length < bounds.runs) {
    may('worker', 'fetch', queue.fetch(system, rules), system.fetches + 1);
  }
  for (const run of system.runs) {
    may('fault', 'the worker dies', without(system, run), run.number);
    for (const step of runSteps(system, run, rules)) {
      // That work fails is nothing to count on when a job has to come to its end.
      found.push({
        by: /^(give up,|start, to end) failed/.test(step.name) ? 'fault' : 'worker',
        run: run.number,
        ...step,
      });
    }
  }
  return found;
}

type RunStep = Pick<Action, 'name' | 'next' | 'wrong'>;

function runSteps(system: System, run: Run, rules: Rules): RunStep[] {
  const goOn = (next: System, change: Partial<Run>): System => ({
    ...next,
    runs: next.runs.map((other) => (other === run ? { ...run, ...change } : other)),
  });
  switch (run.phase) {
    case 'fetched': {
      const { system: next, refused } = document.startRun(system, run, rules);
      const left = refused === 'running' && !rules.completeRefused ? 'returning' : 'completing';
      // Once BullMQ has lost the job, the numbers of fetches no longer tell which record is younger.
      const usurps = refused === undefined && system.owner > run.number && system.losses === 0;
      return [
        {
          name: 'start',
          next: goOn(next, { phase: refused === undefined ? 'running' : left }),
          ...(usurps && { wrong: 'a run takes the job from one that was fetched after it' }),
        },
        // Room never came: the client cancelled it, its deadline passed, or it was lost too often.
        ...verdicts(next).map((verdict) => ({
          name: `start, to end ${verdict}`,
          next: goOn(next, { phase: `ending ${verdict}` }),
        })),
        handBack(system, run, rules, goOn),
      ];
    }
    case 'running': {
      if (run.image === 0 && rules.uploadFirst) {
        return [
          upload(system, run, rules, goOn),
          handBack(system, run, rules, goOn),
          ...verdicts(system).map((verdict) => ({
            name: `give up, ${verdict}`,
            next: goOn(system, { phase: `ending ${verdict}` as const }),
          })),
        ];
      }
      return [end(system, run, 'succeeded', rules, goOn), handBack(system, run, rules, goOn)];
    }
    case 'discarding': {
      if (!rules.uploadFirst && run.image === 0) return [upload(system, run, rules, goOn)];
      const gone = endedWithoutResult(system) || !rules.discardOnlyFailures;
      return [
        { name: 'discard', next: goOn({ ...system, object: gone ? 0 : system.object }, { phase: 'completing' }) },
      ];
    }
    case 'completing':
      return [leaveQueue('complete', system, run, queue.complete(system, run, rules))];
    case 'returning':
      return [leaveQueue('move to wait', system, run, queue.moveToWait(system, run, rules))];
    default:
      return [end(system, run, run.phase.slice('ending '.length) as TerminalState, rules, goOn)];
  }
}

type GoOn = (next: System, change: Partial<Run>) => System;

/** Upload unless there is an object; one that is there counts. */
function upload(system: System, run: Run, rules: Rules, goOn: GoOn): RunStep {
  const kept = system.object !== 0 && rules.putIfAbsent;
  const object = kept ? system.object : run.number;
  const image = rules.adoptWinner ? object : run.number;
  return { name: 'upload', next: goOn({ ...system, object }, { image }) };
}

function end(system: System, run: Run, state: TerminalState, rules: Rules, goOn: GoOn): RunStep {
  const { system: next, accepted } = document.commit(system, run, state, rules);
  const phase = accepted && state === 'succeeded' && rules.discardOnlyFailures && rules.uploadFirst;
  return {
    name: `commit ${state}`,
    next: goOn(next, { phase: phase ? 'completing' : 'discarding' }),
    ...(next !== system && system.owner !== run.number && { wrong: 'a run ends a job that another run owns' }),
  };
}

function handBack(system: System, run: Run, rules: Rules, goOn: GoOn): RunStep {
  const next = document.release(system, run, rules);
  return {
    name: 'release',
    next: goOn(next, { phase: 'returning' }),
    ...(next !== system && system.owner !== run.number && { wrong: 'a run hands a job back that another run owns' }),
  };
}

/** What is active in BullMQ is in the hands of the run that fetched it last. */
const leaveQueue = (name: string, system: System, run: Run, next: System): RunStep => ({
  name,
  next: without(next, run),
  ...(next !== system && run.number !== system.fetches && { wrong: 'a run takes the job from the hands of another' }),
});

/** With what a run may end a job that it does not finish. */
const verdicts = ({ cancelRequested, document: state, deadline }: System): TerminalState[] => [
  'failed',
  ...(cancelRequested || state === 'canceled' ? ['canceled' as const] : []),
  ...(deadline === 'passed' ? ['expired' as const] : []),
];

const without = (system: System, run: Run): System => ({
  ...system,
  runs: system.runs.filter(({ number }) => number !== run.number),
});
