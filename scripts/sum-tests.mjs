/** Adds up jest's JSON reports and the `passed failed` counts of a folder; prints one line, fails when anything failed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;
for (const name of readdirSync(folder)) {
  const text = readFileSync(join(folder, name), 'utf8');
  if (name.endsWith('.json')) {
    const report = JSON.parse(text);
    passed += report.numPassedTests;
    // A file that does not even load has no tests to fail.
    failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  } else {
    const [ok, bad] = text.trim().split(' ').map(Number);
    passed += ok;
    failed += bad;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
