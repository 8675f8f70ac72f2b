import TestSequencer from '@jest/test-sequencer';

/** Suites that mostly wait (for locks, time-outs, retries), and suites that mostly compute; of each, the longest tests first. */
const waiting = ['fault', 'redis', 'contract', 'deploy'];
const computing = ['parity', 'e2e', 'browser', 'unit'];

/** For two workers on two cores: one that waits is run beside one that computes, and the short unit specs fill the end. */
export default class MixedSequencer extends TestSequencer {
  sort(tests) {
    const suiteOf = ({ context }) => context.config.displayName.name;
    const ordered = (suites) =>
      tests
        .filter((test) => suites.includes(suiteOf(test)))
        .sort((a, b) => suites.indexOf(suiteOf(a)) - suites.indexOf(suiteOf(b)));
    const [waits, computes] = [ordered(waiting), ordered(computing)];
    const longest = Math.max(waits.length, computes.length);
    return Array.from({ length: longest }, (_, i) => [waits[i], computes[i]])
      .flat()
      .filter(Boolean);
  }
}
