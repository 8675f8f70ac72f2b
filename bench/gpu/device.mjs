import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('RESULTS.md', import.meta.url);

/** What a provider runs on, by name. */
export function deviceName(provider) {
  if (provider === 'cpu') return `${cpus().length} × ${cpus()[0].model} (no GPU)`;
  return execFileSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], { encoding: 'utf8' })
    .trim()
    .replaceAll('\n', '; ');
}

/** Puts a section into bench/gpu/RESULTS.md in place of the one of that name, or at the end. */
export function writeSection(name, body) {
  const section = `<!-- ${name} -->\n\n${body.trim()}\n\n<!-- /${name} -->`;
  const text = readFileSync(file, 'utf8');
  const old = new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`);
  writeFileSync(file, old.test(text) ? text.replace(old, () => section) : `${text.trim()}\n\n${section}\n`);
  process.stdout.write(`${section}\n\n`);
}
