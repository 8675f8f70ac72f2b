import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import type { JobDocument } from '../../clients/typescript/src/index.js';
import { Embedded } from '../support/embedded.js';
import { launchChromium } from './launch-chromium.mjs';
import { PlaygroundPage } from './playground-page.js';

let service: Embedded;
let browser: Browser;
let tab: PlaygroundPage;

beforeAll(async () => {
  const workers = 'z-image-nano-turbo,z-image-nano-edit';
  [service, browser] = await Promise.all([Embedded.start({ workers }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await service.stop();
});
afterEach(async () => {
  await tab.close();
  expect(tab.faults).toEqual([]);
});

/** A tab in which a picture of the user's own, `width` × 128 px, was chosen to begin with. */
async function begin(use: 'Vary it' | 'Redo a part', { width = 192 } = {}): Promise<void> {
  tab = await PlaygroundPage.open(browser, service.summary.url, { key: service.summary.apiKey });
  const buffer = await sharp({ create: { width, height: 128, channels: 3, background: 'green' } })
    .png()
    .toBuffer();
  await tab.page.locator('#files').setInputFiles({ name: 'lawn.png', mimeType: 'image/png', buffer });
  await tab.page.getByRole('radio', { name: use }).check({ force: true });
}

async function newest(): Promise<JobDocument> {
  const list = (await (await service.fetch('/v1/jobs?limit=1')).json()) as { jobs: JobDocument[] };
  return list.jobs[0]!;
}

/** The mask as the page saves and sends it: its size, what part of it is white or black, and how much of its right half is white. */
async function savedMask() {
  const [download] = await Promise.all([
    tab.page.waitForEvent('download'),
    tab.page.getByRole('button', { name: 'Save as mask.png' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('mask.png');
  const mask = sharp(await readFile(await download.path())).greyscale();
  const { data, info } = await mask.raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const right = data.filter((_, i) => i % width >= width / 2);
  const share = (pixels: Uint8Array, wanted: (value: number) => boolean): number =>
    pixels.filter(wanted).length / pixels.length;
  const isWhite = (value: number): boolean => value > 250;
  const isBlack = (value: number): boolean => value < 5;
  return { width, height, white: share(data, isWhite), black: share(data, isBlack), right: share(right, isWhite) };
}

it('varies a picture by as much as is said, in its size and in the format that is chosen', async () => {
  await begin('Vary it');
  await tab.page.getByText('What should it become?').waitFor();
  expect(await tab.page.getByLabel('Model').inputValue()).toBe('z-image-nano-turbo');
  expect(await tab.field('strength').inputValue()).toBe('0.6');
  await tab.field('strength').fill('0.8');
  await tab.page.getByText('More settings').click();
  await tab.page.getByLabel('File format').selectOption('WebP');
  await tab.order('red apple');
  await tab.until('red apple', 'succeeded');
  expect(await newest()).toMatchObject({
    kind: 'generation',
    request: { image: { width: 192, height: 128 }, strength: 0.8, width: 192, height: 128, output: { format: 'webp' } },
    images: [{ format: 'webp', width: 192, height: 128 }],
  });
  await tab.tile('red apple').getByRole('button', { name: 'Open' }).click();
  const dialog = tab.page.getByRole('dialog', { name: 'red apple' });
  expect(await dialog.locator('dl').textContent()).toContain('Made anew80 %');
  // Its settings alone would make another one.
  expect(await dialog.getByRole('button', { name: 'Use these settings' }).isVisible()).toBe(false);
});

it('makes the part anew that is marked with the pointer', async () => {
  await begin('Redo a part');
  await tab.prompt.fill('sun');
  await tab.make.click();
  await tab.page.locator('#mask-error', { hasText: 'say which part is made anew' }).waitFor();
  expect(await tab.page.locator(':focus').getAttribute('id')).toBe('open-mask');

  await tab.page.getByRole('button', { name: 'Mark the part' }).click();
  const dialog = tab.page.getByRole('dialog', { name: 'Mark what is made anew' });
  await dialog.getByText('Nothing is marked.').waitFor();
  expect(await dialog.getByRole('button', { name: 'Use it' }).isDisabled()).toBe(true);
  const { x, y, width, height } = (await dialog.locator('canvas').boundingBox())!;
  await tab.page.mouse.move(x + 0.1 * width, y + 0.5 * height);
  await tab.page.mouse.down();
  await tab.page.mouse.move(x + 0.4 * width, y + 0.5 * height, { steps: 4 });
  await tab.page.mouse.up();
  await dialog.getByText(/^\d+ % of the picture is marked\.$/).waitFor();
  const mask = await savedMask();
  expect(mask).toMatchObject({ width: 192, height: 128, right: 0 });
  expect(mask.white).toBeGreaterThan(0.05);
  expect(mask.white).toBeLessThan(0.2);
  expect(mask.white + mask.black).toBeGreaterThan(0.97);
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await tab.page.getByText('The marked part is made anew.').waitFor();

  await tab.make.click();
  await tab.until('sun', 'succeeded');
  expect(await newest()).toMatchObject({ request: { mask: { width: 192, height: 128 }, strength: 1 } });
});

it('is marked with the keyboard alone, erased and inverted', async () => {
  await begin('Redo a part', { width: 128 });
  const { keyboard } = tab.page;
  await tab.page.getByRole('button', { name: 'Mark the part' }).press('Enter');
  const status = tab.page.locator('#mask-status');
  await status.filter({ hasText: 'Nothing is marked.' }).waitFor();
  await tab.page.locator('#mask-canvas').focus();
  await keyboard.press('Space');
  await status.filter({ hasText: /^3 %/ }).waitFor();
  for (let presses = 0; presses < 8; presses++) await keyboard.press('Shift+ArrowRight');
  await status.filter({ hasText: /^1[01] %/ }).waitFor();
  // Without Shift the brush only moves.
  await keyboard.press('ArrowUp');
  await status.filter({ hasText: /^1[01] %/ }).waitFor();
  await tab.page.getByRole('button', { name: 'Invert' }).press('Enter');
  await status.filter({ hasText: /^(89|90) %/ }).waitFor();
  await tab.page.getByRole('radio', { name: 'Unmark', exact: true }).check({ force: true });
  await tab.page.locator('#mask-canvas').focus();
  for (let presses = 0; presses < 60; presses++) await keyboard.press('Shift+ArrowUp');
  await status.filter({ hasText: /^(7\d|8[0-4]) %/ }).waitFor();
  await tab.page.getByRole('button', { name: 'Clear' }).last().press('Enter');
  await status.filter({ hasText: 'Nothing is marked.' }).waitFor();
});

it('takes a mask from a file; one of another size is refused beside it', async () => {
  await begin('Redo a part');
  const maskOf = async (width: number): Promise<Buffer> =>
    sharp({ create: { width, height: 128, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
  const choose = async (width: number): Promise<void> =>
    tab.page
      .locator('#mask-file')
      .setInputFiles({ name: 'white.png', mimeType: 'image/png', buffer: await maskOf(width) });
  await choose(64);
  await tab.page.getByText('The white parts of white.png are made anew.').waitFor();
  await tab.prompt.fill('moon');
  await tab.make.click();
  await tab.page.locator('#mask-error', { hasText: /\w/ }).waitFor();
  expect(await tab.page.locator(':focus').getAttribute('id')).toBe('open-mask');
  await choose(192);
  await tab.make.click();
  await tab.until('moon', 'succeeded');
});

it('offers several pictures to edits alone, and drops a mask with its picture', async () => {
  await begin('Redo a part');
  const buffer = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  await tab.page.locator('#mask-file').setInputFiles({ name: 'mask.png', mimeType: 'image/png', buffer });
  await tab.page.locator('#files').setInputFiles({ name: 'snow.png', mimeType: 'image/png', buffer });
  await tab.page.getByText('What should change?').waitFor();
  expect(await tab.page.getByRole('radio', { name: 'Vary it' }).isDisabled()).toBe(true);
  await tab.page.getByRole('button', { name: 'Remove snow.png' }).click();
  await tab.page.getByRole('radio', { name: 'Redo a part' }).check({ force: true });
  await tab.page.getByText('Nothing is marked yet.').waitFor();
});
