import type { TerminalState } from '@app/common/contracts/job-states.js';
import type { Rules } from './rules.js';
import { isOver, type Run, type System } from './system.js';

/** What the Lua scripts do to the document, and what they answer. */

export function accept(system: System, deadline: boolean): System {
  return {
    ...system,
    api: 'accepted',
    document: 'queued',
    unqueued: true,
    due: deadline,
    deadline: deadline ? 'ahead' : 'none',
  };
}

export function startRun(
  system: System,
  run: Run,
  rules: Rules,
): { system: System; refused?: System['document'] | 'missing' } {
  if (system.document === 'none' || system.document === 'gone') return { system, refused: 'missing' };
  if (isOver(system) && rules.terminalStays) return { system, refused: system.document };
  if (run.fence <= system.fence && rules.risingFence) return { system, refused: system.document };
  if (system.cancelRequested) return { system: finish(system, 'canceled'), refused: 'canceled' };
  if (isPast(system)) return { system: finish(system, 'expired'), refused: 'expired' };
  return { system: { ...system, document: 'running', fence: run.fence, unqueued: false, owner: run.number } };
}

export function commit(
  system: System,
  run: Run,
  state: TerminalState,
  rules: Rules,
): { system: System; accepted: boolean } {
  if (!isHeldBy(system, run, rules)) return { system, accepted: false };
  if (state === 'succeeded' && isPast(system)) return { system: finish(system, 'expired'), accepted: false };
  const ended = finish(system, state);
  return { system: state === 'succeeded' ? { ...ended, described: run.image } : ended, accepted: true };
}

export function release(system: System, run: Run, rules: Rules): System {
  if (!isHeldBy(system, run, rules)) return system;
  return system.cancelRequested ? finish(system, 'canceled') : { ...system, document: 'queued' };
}

export function cancel(system: System, rules: Rules): System {
  if (isOver(system) && rules.terminalStays) return system;
  if (system.document !== 'running') return finish(system, 'canceled');
  return system.cancelRequested ? system : { ...system, cancelRequested: true, due: true };
}

/** The janitor's look at a job that is due. A running one has a grace period, so that its worker can end it itself. */
export function settle(system: System, graceOver: boolean): System {
  const { document, cancelRequested, deadline } = system;
  if (isOver(system) || (!cancelRequested && deadline === 'none')) return { ...system, due: false };
  if (document === 'running' && !graceOver) return system;
  if (cancelRequested) return finish(system, 'canceled');
  return deadline === 'passed' ? finish(system, 'expired') : system;
}

/** The janitor's look at a job that BullMQ may have lost. */
export function requeue(system: System): System {
  if (system.document === 'none' || isOver(system) || system.place !== 'absent' || system.unqueued) return system;
  return { ...system, document: 'queued', unqueued: true };
}

/** Of the record that the janitor adds to BullMQ: far above the fences of any earlier one. */
export const nextFenceBase = (system: System, rules: Rules): System =>
  rules.freshFences ? { ...system, fenceBase: system.fenceBase + 1_000_000 } : system;

function isHeldBy(system: System, run: Run, rules: Rules): boolean {
  if (system.document !== 'running' && (rules.terminalStays || !isOver(system))) return false;
  return system.fence === run.fence || !rules.fencedEnd;
}

const isPast = ({ deadline }: System): boolean => deadline === 'passed';

const finish = (system: System, state: TerminalState): System => ({
  ...system,
  document: state,
  ends: system.ends + 1,
  unqueued: false,
  due: false,
  leftovers: system.leftovers || (state !== 'succeeded' && system.fence > 0),
});
