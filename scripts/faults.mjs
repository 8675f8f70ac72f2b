/**
 * Runs the fault suite and writes its table: `npm run faults -- [--scale N] [--long]`. CI runs it at scale 1; from 2 on there
 * are rows that CI has no time for. `--long`: Redis is away for 20 and 60 s too.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeSection } from '../bench/results-file.mjs';

const { values: flags } = parseArgs({
  options: { scale: { type: 'string', default: '3' }, long: { type: 'boolean', default: false } },
});
const folder = mkdtempSync(join(tmpdir(), 'zimage-faults-'));
const report = join(folder, 'rows.jsonl');
writeFileSync(report, '');
const { status } = spawnSync(
  'npm',
  [
    'test',
    '--',
    '--selectProjects',
    'fault',
    '--runInBand',
    '--testPathPatterns',
    'test/fault/fleet-',
    '--testTimeout',
    '1800000',
    // The table is written whatever a failed spec left open.
    '--forceExit',
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, FAULT_SCALE: flags.scale, FAULT_LONG: flags.long ? '1' : '', FAULT_REPORT: report },
  },
);

const seconds = (ms) => (ms === undefined ? '–' : (ms / 1000).toFixed(1));
const rows = readFileSync(report, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
  .map(({ fault, jobs, lost, duplicated, stuck, recoveryMs }) => {
    const sorted = recoveryMs.toSorted((a, b) => a - b);
    const recovery = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map(seconds).join(' / ');
    return `| ${fault} | ${jobs} | ${lost} | ${duplicated} | ${stuck} | ${recovery} |`;
  });
rmSync(folder, { recursive: true });
const table = [
  '| fault | jobs | lost | duplicated | stuck | recovery, s: min / median / max |',
  '| --- | --- | --- | --- | --- | --- |',
  ...rows,
].join('\n');
writeSection(
  'faults',
  `## Faults

Made by \`npm run faults -- --scale ${flags.scale}${flags.long ? ' --long' : ''}\` on ${new Date().toISOString().slice(0, 10)}; ${status === 0 ? 'every row within its bounds' : '**not every row within its bounds**'}. Recovery: until an orphan is in a
worker's hands again, or until the first job ends after the fault.

${table}`,
  new URL('../bench/FAULTS.md', import.meta.url),
);
process.exit(status ?? 1);
