/**
 * A newcomer's walk: a fresh clone in an empty folder, and the commands of README.md and examples/README.md, word by word and in
 * their order; the URL and the key are those that the service prints. Writes the times into docs/walk.md; ends with 1 at the
 * first command that does not do what the page says.
 *
 *   node scripts/walk.mjs            SUITES=unit narrows what scripts/test.sh runs, as it does for anybody
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSection } from '../bench/results-file.mjs';
import { readCommands } from './walk/read-commands.mjs';
import { Terminal } from './walk/terminal.mjs';

const work = mkdtempSync(join(tmpdir(), 'zimage-walk-'));
const clone = join(work, 'zimage-queue');
const rows = [];
execFileSync('git', ['clone', '-q', process.cwd(), clone]);
const terminal = new Terminal(clone);
let service;
try {
  for (const page of ['README.md', 'examples/README.md']) {
    let receiver;
    for (const { text, server } of readCommands(join(clone, page))) {
      const startedAt = Date.now();
      const result = await walk(filledIn(text), server);
      if (receiver) await receiver.says(/job\.succeeded/);
      receiver = server?.told && result;
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      rows.push(
        `| ${page} | ${text
          .split('\n')
          .map((line) => `\`${line.trim().replaceAll('|', '\\|')}\``)
          .join('<br>')} | ${seconds} |`,
      );
      console.log(`${seconds.padStart(7)} s  ${text.split('\n').join('\n           ')}`);
    }
  }
} finally {
  const codes = await terminal.interrupt();
  console.log(`Ctrl-C: exit codes ${codes.join(', ')}`);
  rmSync(work, { recursive: true, force: true });
}
writeSection(
  'walk',
  `| page | command | seconds |\n|---|---|---|\n${rows.join('\n')}\n\n\`scripts/test.sh\` ran ${process.env.SUITES ? `the suites \`${process.env.SUITES}\`` : 'everything'}.`,
  new URL('../docs/walk.md', import.meta.url),
);

/** What a reader puts in for the key that the page leaves out. */
function filledIn(text) {
  return service ? text.replace(/http:\/\/127\.0\.0\.1:3000/g, service.url).replaceAll('zq_…', service.key) : text;
}

async function walk(text, server) {
  if (server) {
    const started = await terminal.serve(text, server.ready);
    service ??= server.ready.exec(started.output)?.groups;
    return started;
  }
  const { code, output } = await terminal.run(text);
  const refused = text.startsWith('curl') && !(JSON.parse(output).state in { queued: 1, running: 1, succeeded: 1 });
  if (code !== 0 || refused) throw new Error(`exit code ${code}: ${text}\n${output.slice(-4000)}`);
}
