/**
 * Pictures of the playground for the docs, taken from a running service:
 *
 *   node scripts/playground-screenshots.mjs URL API_KEY [OUT]
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { launchChromium } from '../test/browser/launch-chromium.mjs';

const [url, apiKey, out = 'docs/images'] = process.argv.slice(2);
if (!url || !apiKey) {
  console.error('usage: node scripts/playground-screenshots.mjs URL API_KEY [OUT]');
  process.exit(2);
}

const prompts = [
  'penguin',
  'a watermelon on a yellow background',
  'strawberry',
  'house',
  'fox',
  'a rainbow on a sky blue background',
  'a rocket on a navy background',
  'red apple',
];
const desktop = { width: 1280, height: 860 };
const phone = { width: 390, height: 844 };
await mkdir(out, { recursive: true });
const browser = await launchChromium();

try {
  const context = await browser.newContext({ viewport: desktop });
  const page = await context.newPage();
  await page.goto(`${url}/#key=${apiKey}`);
  await page.getByText('ready').waitFor();

  for (const prompt of prompts) await made(page, prompt);
  await page.getByText('More settings').click();
  await page.getByLabel('Steps').fill('50');
  await order(page, 'panda');
  await page.locator('.tile[data-state="running"] img[src]').waitFor();
  await page.getByText('More settings').click();
  await page.mouse.move(0, 0);
  await page.evaluate('scrollTo(0, 0)');
  await save(page, 'playground');
  await page.locator('.tile[data-state="succeeded"]', { hasText: 'panda' }).waitFor();

  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('button', { name: 'Open a rocket' }).click();
  await save(page, 'playground-dark');
  await page.keyboard.press('Escape');
  await page.emulateMedia({ colorScheme: 'light' });

  await page.setViewportSize(phone);
  await page.getByRole('button', { name: 'Edit: red apple' }).click();
  await page.getByRole('radio', { name: 'Redo a part' }).check({ force: true });
  await page.getByRole('button', { name: 'Mark the part' }).click();
  const { x, y, width, height } = await page.locator('#mask-canvas').boundingBox();
  await page.mouse.move(x + 0.3 * width, y + 0.25 * height);
  await page.mouse.down();
  for (const [right, down] of [
    [0.6, 0.2],
    [0.55, 0.35],
  ])
    await page.mouse.move(x + right * width, y + down * height, { steps: 5 });
  await page.mouse.up();
  await save(page, 'playground-mask');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Remove red apple' }).click();
  await page.locator('#gallery').evaluate((gallery) => gallery.scrollIntoView({ behavior: 'instant' }));
  await save(page, 'playground-phone');
} finally {
  await browser.close();
}

async function order(page, prompt) {
  await page.getByLabel('What should it show?').fill(prompt);
  await page.getByRole('button', { name: 'Make picture' }).click();
}

async function made(page, prompt) {
  await order(page, prompt);
  await page.locator('.tile[data-state="succeeded"]', { hasText: prompt }).waitFor();
}

async function save(page, name) {
  // Long enough for everything that moves once.
  await page.waitForTimeout(500);
  await sharp(await page.screenshot())
    .webp({ quality: 82 })
    .toFile(join(out, `${name}.webp`));
}
