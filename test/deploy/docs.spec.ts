import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'examples/README.md',
  'models/README.md',
  ...['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
const anchorsOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link!);
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      expect([link, existsSync(target)]).toEqual([link, true]);
      if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
    }
  });

  it('names files of the tree and scripts of package.json', () => {
    // A name with a placeholder or a pattern stands for several.
    const paths = [...text.matchAll(/`((?:apps|libs|test|scripts|docs|k8s|bench|examples|observability)\/[\w./-]+)`/g)];
    for (const [, path] of paths) expect([path, existsSync(path!)]).toEqual([path, true]);
    for (const [, script] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
    }
  });
});

describe('docs/queue.md', () => {
  it('names tests that there are', () => {
    const rows = [...readFileSync('docs/queue.md', 'utf8').matchAll(/\| `([^`]+\.spec\.ts)`: (.+?) +\|$/gm)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [, spec, name] of rows) expect(readFileSync(spec!, 'utf8')).toContain(name);
  });
});

describe('docs/operations.md', () => {
  const operations = readFileSync('docs/operations.md', 'utf8');
  const namesIn = (files: string[], pattern: RegExp): string[] =>
    files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, name]) => name!));

  it('has every variable that a process reads', () => {
    const files = [
      'libs/common/src/config/settings.ts',
      'apps/worker/src/worker.config.ts',
      'apps/api/src/api.config.ts',
    ];
    const variables = namesIn(files, /^ {2}([A-Z][A-Z0-9_]+): /gm);
    expect(variables.length).toBeGreaterThan(15);
    for (const variable of variables) {
      expect([variable, new RegExp(`\`${variable}[\`=]`).test(operations)]).toEqual([variable, true]);
    }
  });

  it('has every metric', () => {
    const files = [
      'apps/worker/src/worker-metrics.ts',
      'apps/api/src/metrics/http-metrics.ts',
      'apps/api/src/metrics/queue-metrics.ts',
      'apps/api/src/sender/sender-metrics.ts',
    ];
    const metrics = namesIn(files, /'(zimage_\w+)'/g);
    expect(metrics.length).toBeGreaterThan(15);
    // Of names that begin alike, the table has the first whole and the others' ends.
    for (const metric of metrics) {
      const ends = metric.split('_').map((_, i, parts) => `\`_${parts.slice(i).join('_')}\``);
      expect([metric, [`\`${metric}\``, ...ends].some((name) => operations.includes(name))]).toEqual([metric, true]);
    }
  });
});
