import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What `docker build` would be given of a fresh clone: the tracked files that .dockerignore lets through, copied into a folder.
 * Of its language it knows what the file here uses: `**` shuts everything out, `!path` lets a path in, `**` + `/*.suffix` shuts
 * files of that ending out again.
 */
export function copyBuildContext(folder) {
  const [everything, ...rules] = readFileSync('.dockerignore', 'utf8').trim().split('\n');
  const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  const endings = rules.filter((rule) => rule.startsWith('**/*')).map((rule) => rule.slice('**/*'.length));
  if (everything !== '**' || allowed.length + endings.length !== rules.length) {
    throw new Error('.dockerignore has a pattern that scripts/images/build-context.mjs does not know');
  }
  const isIn = (file) =>
    allowed.some((path) => file === path || file.startsWith(`${path}/`)) && !endings.some((end) => file.endsWith(end));
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(isIn);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file));
  }
}
