import { dirname, sep } from 'node:path';

/** The deepest folder that holds all these absolute paths. */
export function commonFolder(files: readonly string[]): string {
  const [first, ...others] = files.map((file) => dirname(file).split(sep));
  if (!first) return sep;
  const depth = others.reduce((shared, folders) => {
    const parting = folders.findIndex((folder, i) => folder !== first[i]);
    return Math.min(shared, parting === -1 ? folders.length : parting);
  }, first.length);
  return first.slice(0, depth).join(sep) || sep;
}
