import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const results = new URL('RESULTS.md', import.meta.url);
const loadBefore = loadavg()[0];

/**
 * Puts a section into a file, bench/RESULTS.md unless told, in place of the one of that name, or at the end, with the machine and how busy it was.
 * @param {string} name of the bench, which is also the section's marker
 * @param {string} body Markdown, from the heading on
 * @param {URL} [file]
 */
export function writeSection(name, body, file = results) {
  const machine = `Machine: ${cpus().length} × ${cpus()[0].model}, load average ${loadBefore.toFixed(1)} before and ${loadavg()[0].toFixed(1)} after, Node ${process.version}.`;
  const section = `<!-- ${name} -->\n\n${body.trim()}\n\n${machine}\n\n<!-- /${name} -->`;
  const text = readFileSync(file, 'utf8');
  const old = new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`);
  writeFileSync(file, old.test(text) ? text.replace(old, () => section) : `${text.trim()}\n\n${section}\n`);
  process.stdout.write(`${section}\n\n`);
}

/** The value below which the share lies. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

export const median = (values) => percentile(values, 0.5);

/** Of points [x, y], by least squares: y per x. */
export function slope(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  return mean(([at, value]) => (at - x) * (value - y)) / mean(([at]) => (at - x) ** 2);
}
