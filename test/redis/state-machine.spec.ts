import { describe, expect, it } from '@jest/globals';
import { actions, type Action, type Bounds } from '../state-machine/actions.js';
import { cutOff, explore, storyOf, type Exploration } from '../state-machine/explore.js';
import { RealJob, type VisibleSystem } from '../state-machine/real-job.js';
import { rules, type Rules } from '../state-machine/rules.js';
import { forget, isAtRest, isOver, start, type System } from '../state-machine/system.js';
import { faultScale } from '../support/fault-report.js';
import { randomFrom } from '../support/random-from.js';
import { useRedis } from '../support/redis.js';

const { redis } = await useRedis();

/** Two workers at once, one of which may be the one that was stopped. */
const twoRuns: Bounds = { fetches: 2, runs: 2, losses: faultScale > 1 ? 1 : 0, deadline: true };
/** One at a time, with a fetch left to end what the others did not. */
const oneByOne: Bounds = { fetches: 3, runs: 1, losses: 1, deadline: false };

/** A job that nobody can bring to its end any more, the clients' help and further faults apart. */
function stuck(exploration: Exploration, bounds: Bounds): string[] | null {
  const { systems, from } = exploration;
  const isOpen = ({ document, fetches }: System): boolean => document !== 'none' && fetches < bounds.fetches - 1;
  const [first] = cutOff(exploration, isAtRest, ['janitor', 'worker']).filter((index) => isOpen(systems[index]!));
  return first === undefined ? null : storyOf(from, first);
}

/** What goes wrong without a rule; null when nothing does. */
function faultWithout(rule: keyof Rules, bounds: Bounds): string | null {
  const exploration = explore(bounds, { ...rules, [rule]: false });
  return exploration.wrong?.fault ?? (stuck(exploration, bounds) ? 'the job is stuck' : null);
}

describe('the life of a job, in all orders in which its actors can act', () => {
  it('ends once, with the image that it describes, whoever is stopped or dies when', () => {
    const exploration = explore(twoRuns);
    expect(exploration.wrong).toBeNull();
    expect(exploration.systems.length).toBeGreaterThan(10_000);
  });

  it('can always end without anybody’s help', () => {
    const exploration = explore(oneByOne);
    expect(exploration.wrong).toBeNull();
    expect(stuck(exploration, oneByOne)).toBeNull();
  });

  it('ends without any worker once it is cancelled or its deadline has passed', () => {
    const leftOpen = (changed: Rules): string[][] => {
      const exploration = explore({ ...oneByOne, fetches: 2, deadline: true }, changed);
      const { systems, from } = exploration;
      return cutOff(exploration, isOver, ['janitor'])
        .filter((index) => systems[index]!.cancelRequested || systems[index]!.deadline === 'passed')
        .map((index) => storyOf(from, index));
    };
    expect(leftOpen(rules)).toEqual([]);
    expect(leftOpen({ ...rules, settleDue: false })).not.toEqual([]);
  });

  it.each([
    ['fencedEnd', twoRuns, 'a run hands a job back that another run owns'],
    ['risingFence', twoRuns, 'a run takes the job from one that was fetched after it'],
    ['terminalStays', twoRuns, 'the job ends twice'],
    ['tokenPerFetch', twoRuns, 'a run takes the job from the hands of another'],
    ['putIfAbsent', twoRuns, 'the document describes an image that is not there'],
    ['adoptWinner', twoRuns, 'the document describes an image that is not there'],
    ['discardOnlyFailures', twoRuns, 'the document describes an image that is not there'],
    ['uploadFirst', twoRuns, 'the document describes an image that is not there'],
    ['freshFences', { ...twoRuns, losses: 1 }, 'a run hands a job back that another run owns'],
    ['completeRefused', oneByOne, 'the job is stuck'],
    ['addUnqueued', oneByOne, 'the job is stuck'],
    ['requeueLost', oneByOne, 'the job is stuck'],
    ['recoverStalled', oneByOne, 'the job is stuck'],
  ] as const)('goes wrong without the rule %s', (rule, bounds, fault) => {
    expect(faultWithout(rule, bounds)).toBe(fault);
  });
});

function visible(system: System): VisibleSystem {
  const { document, fence, fenceBase, cancelRequested, unqueued, due, leftovers, ends, place, lastFence, lock } =
    system;
  return { document, fence, fenceBase, cancelRequested, unqueued, due, leftovers, ends, place, lastFence, lock };
}

/** Of what is over, the model does not know the numbers any more. */
const comparable = (seen: VisibleSystem, { document }: System): VisibleSystem =>
  document === 'gone' || isOver({ ...start, document })
    ? { ...seen, fence: 0, fenceBase: 0, cancelRequested: false, lastFence: 0 }
    : seen;

describe('the scripts and BullMQ take the steps of the model', () => {
  it('from every kind of system that a walk meets, new ones first', async () => {
    const random = randomFrom(1);
    const bounds: Bounds = { fetches: 4, runs: 3, losses: 2, deadline: true };
    const taken = new Set<string>();
    const names = new Set<string>();
    const walks = 150 * faultScale;
    for (let walk = 0; walk < walks; walk++) {
      const deadline = walk % 2 === 0;
      const job = new RealJob(redis, deadline);
      const story: string[] = [];
      let system = start;
      for (let step = 0; step < 40 && !(isAtRest(system) && system.api === 'over'); step++) {
        const signOf = ({ name }: Action): string => JSON.stringify([visible(system), name]);
        const possible = actions(system, rules, { ...bounds, deadline });
        const unseen = possible.filter((action) => !taken.has(signOf(action)));
        const goingOn = ({ next }: Action): boolean => !isOver(next);
        const choice =
          [unseen.filter(goingOn), unseen, possible.filter(goingOn)].find(({ length }) => length > 0) ?? possible;
        const action = choice[random(choice.length)]!;
        taken.add(signOf(action));
        names.add(action.name);
        story.push(`${action.name} ${action.run}`);
        await job.take(action.name, action.run);
        system = forget(action.next);
        const seen = await job.look();
        expect({ story, ...comparable(seen, system) }).toEqual({ story, ...visible(system) });
      }
      await job.close();
    }
    expect(taken.size).toBeGreaterThan(500);
    for (const end of ['succeeded', 'failed', 'canceled']) expect(names).toContain(`commit ${end}`);
    for (const name of [
      'release',
      'complete',
      'move to wait',
      'settle after the grace period',
      'requeue',
      'add unqueued',
    ])
      expect(names).toContain(name);
  });
});
