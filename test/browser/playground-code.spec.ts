import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { transpile, ModuleKind, ScriptTarget } from 'typescript';
import { Embedded } from '../support/embedded.js';
import { launchChromium } from './launch-chromium.mjs';
import { PlaygroundPage } from './playground-page.js';

const run = promisify(execFile);
let service: Embedded;
let browser: Browser;
let tab: PlaygroundPage;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zimage-code-'));
  const workers = 'z-image-nano-turbo,z-image-nano-edit';
  [service, browser] = await Promise.all([Embedded.start({ workers }), launchChromium()]);
  tab = await PlaygroundPage.open(browser, service.summary.url, { key: service.summary.apiKey });
});
afterAll(async () => {
  expect(tab.faults).toEqual([]);
  await browser.close();
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The command that runs a snippet as it stands, TypeScript's types taken out. */
const commands: Record<string, (code: string) => [string, string[]]> = {
  curl: (code) => ['bash', ['-c', code]],
  TypeScript: (code) => {
    const options = { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 };
    return ['node', ['--input-type=module', '-e', transpile(code, options)]];
  },
  Python: (code) => ['python3', ['-c', code]],
};

/** Runs what the page shows for a language, in a folder with the user's picture. */
async function runShown(language: string): Promise<string> {
  await tab.page.getByRole('button', { name: 'Code', exact: true }).click();
  await tab.page.getByRole('radio', { name: language }).check({ force: true });
  const code = (await tab.page.locator('#code-text').textContent()) ?? '';
  await tab.page.keyboard.press('Escape');
  expect(code).not.toContain(service.summary.apiKey);
  const [command, flags] = commands[language]!(code);
  const env = { ...process.env, NODE_OPTIONS: '', ZIMAGE_API_KEY: service.summary.apiKey };
  return (await run(command, flags, { cwd: folder, env })).stdout;
}

/** The jobs of the service, newest first. */
async function newest(): Promise<unknown> {
  const list = (await (await service.fetch('/v1/jobs?limit=1')).json()) as { jobs: unknown[] };
  return list.jobs[0];
}

describe.each(Object.keys(commands))('the code in %s runs as it is shown', (language) => {
  const prompt = `it's a "red" apple, $HOME \`x\` \\ ${language}`;

  it('and makes the picture', async () => {
    await tab.prompt.fill(prompt);
    await tab.field('seed').fill('7');
    expect(await runShown(language)).toContain('/files/');
    expect(await newest()).toMatchObject({ state: 'succeeded', kind: 'generation', request: { prompt, seed: 7 } });
  });

  it("and edits a result and one's own picture", async () => {
    await tab.order('banana', { steps: 2 });
    await tab.until('banana', 'succeeded');
    await tab.tile('banana').getByRole('button', { name: 'Edit' }).click();
    const name = "the user's, own.png";
    const buffer = await sharp({ create: { width: 256, height: 256, channels: 3, background: 'green' } })
      .png()
      .toBuffer();
    await writeFile(join(folder, name), buffer);
    await tab.page.locator('#files').setInputFiles({ name, mimeType: 'image/png', buffer });
    await tab.prompt.fill(prompt);
    await tab.field('steps').fill('2');
    expect(await runShown(language)).toContain('/files/');
    expect(await newest()).toMatchObject({ state: 'succeeded', kind: 'edit', request: { prompt, steps: 2 } });
    for (const each of ['banana', name]) await tab.page.getByRole('button', { name: `Remove ${each}` }).click();
  });

  it('and makes a part of a picture anew, in another format', async () => {
    const green = sharp({ create: { width: 64, height: 64, channels: 3, background: 'green' } });
    const buffer = await green.png().toBuffer();
    for (const [selector, name] of [
      ['#files', 'the lawn.png'],
      ['#mask-file', 'mask.png'],
    ] as const) {
      await writeFile(join(folder, name), buffer);
      await tab.page.locator(selector).setInputFiles({ name, mimeType: 'image/png', buffer });
      if (selector === '#files') await tab.page.getByRole('radio', { name: 'Redo a part' }).check({ force: true });
    }
    await tab.prompt.fill(prompt);
    await tab.field('steps').fill('2');
    await tab.field('output').selectOption('JPEG');
    expect(await runShown(language)).toContain('/files/');
    const request = { prompt, strength: 1, image: { width: 64 }, mask: { width: 64 }, output: { format: 'jpeg' } };
    expect(await newest()).toMatchObject({ state: 'succeeded', kind: 'generation', request });
    await tab.field('output').selectOption('PNG');
    await tab.page.getByRole('button', { name: 'Remove the lawn.png' }).click();
  });
});
