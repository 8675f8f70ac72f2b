import { actions, type Action, type Bounds } from './actions.js';
import { rules as allRules, type Rules } from './rules.js';
import { forget, keyOf, start, type System } from './system.js';

const actors = ['api', 'worker', 'janitor', 'client', 'fault'] as const satisfies Action['by'][];

export interface Exploration {
  /** Every system that can come about, in the order of its distance from the start. */
  systems: System[];
  /** For each system pairs of what may happen next: an index into `systems`, and an index into the actors. */
  next: number[][];
  /** The way in which each was first reached. */
  from: ({ system: number; action: string } | null)[];
}

/** Breadth first, all interleavings within the bounds. Stops at the first system that is wrong, with its story. */
export function explore(
  bounds: Bounds,
  rules: Rules = allRules,
): Exploration & { wrong: { fault: string; story: string[] } | null } {
  const seen = new Map<string, number>([[keyOf(start), 0]]);
  const exploration: Exploration = { systems: [start], next: [], from: [null] };
  const { systems, next, from } = exploration;
  for (let at = 0; at < systems.length; at++) {
    const edges: number[] = [];
    for (const action of actions(systems[at]!, rules, bounds)) {
      const fault = action.wrong ?? whatIsWrong(action.next);
      if (fault !== null) return { ...exploration, wrong: { fault, story: [...storyOf(from, at), tell(action)] } };
      const reached = rules.terminalStays ? forget(action.next) : action.next;
      const key = keyOf(reached);
      let to = seen.get(key);
      if (to === undefined) {
        to = systems.push(reached) - 1;
        seen.set(key, to);
        from.push({ system: at, action: tell(action) });
      }
      edges.push(to, actors.indexOf(action.by));
    }
    next.push(edges);
  }
  return { ...exploration, wrong: null };
}

/** What must hold in every system. */
function whatIsWrong(system: System): string | null {
  if (system.ends > 1) return 'the job ends twice';
  if (system.document === 'succeeded' && system.described !== system.object)
    return 'the document describes an image that is not there';
  return null;
}

/** Systems from which none that is `good` can be reached by what `helpers` do. */
export function cutOff(
  { systems, next }: Exploration,
  good: (system: System) => boolean,
  helpers: readonly Action['by'][],
): number[] {
  const helps = actors.map((actor) => helpers.includes(actor));
  const before = systems.map<number[]>(() => []);
  for (const [from, edges] of next.entries()) {
    for (let i = 0; i < edges.length; i += 2) if (helps[edges[i + 1]!]) before[edges[i]!]!.push(from);
  }
  const reached = systems.map(good);
  const open = systems.flatMap((_, index) => (reached[index] ? [index] : []));
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const from of before[at]!) {
      if (reached[from]) continue;
      reached[from] = true;
      open.push(from);
    }
  }
  return systems.flatMap((_, index) => (reached[index] ? [] : [index]));
}

/** How a system comes about, in words. */
export function storyOf(from: Exploration['from'], index: number): string[] {
  const story: string[] = [];
  for (let step = from[index]; step; step = from[step.system]) story.unshift(step.action);
  return story;
}

const tell = ({ name, run }: Action): string => (run === 0 ? name : `${name} (run ${run})`);
