import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { Embedded } from '../support/embedded.js';
import { launchChromium } from './launch-chromium.mjs';
import { PlaygroundPage } from './playground-page.js';

let service: Embedded;
let browser: Browser;
let tab: PlaygroundPage;

beforeAll(async () => {
  [service, browser] = await Promise.all([Embedded.start({ workers: 'z-image-nano-turbo' }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await service.stop();
});
afterEach(async () => {
  await tab.close();
  expect(tab.faults).toEqual([]);
});

/** What axe finds wrong with the page as it stands, for the rules of WCAG 2.2 A and AA and its own best practices. */
async function violations(): Promise<string[]> {
  await tab.page.waitForFunction('document.getAnimations().every((each) => each.playState !== "running")');
  await tab.page.evaluate(axe.source);
  const { violations: found } = await tab.page.evaluate<axe.AxeResults>('axe.run()');
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}

it.each([
  ['light', { width: 1280, height: 800 }],
  ['dark', { width: 390, height: 844 }],
] as const)('is free of what axe-core finds, %s', async (colorScheme, viewport) => {
  const options = { colorScheme, viewport, reducedMotion: 'reduce' } as const;
  tab = await PlaygroundPage.open(browser, service.summary.url, { ...options, key: service.summary.apiKey });
  const { page } = tab;
  expect(await violations()).toEqual([]);

  await tab.order('panda', { steps: 4 });
  await tab.until('panda', 'succeeded');
  await tab.field('n').fill('99');
  await tab.make.click();
  await page.locator('#n-error', { hasText: 'max_images' }).waitFor();
  expect(await violations()).toEqual([]);

  const opened = ['Open panda', 'Code', 'API key'];
  for (const name of opened) {
    await page.getByRole('button', { name: name === 'Code' ? /^Code$/ : name }).click();
    await page.getByRole('dialog').waitFor();
    expect(await violations()).toEqual([]);
    await page.keyboard.press('Escape');
  }

  const buffer = await sharp({ create: { width: 256, height: 192, channels: 3, background: 'green' } })
    .png()
    .toBuffer();
  await page.locator('#files').setInputFiles({ name: 'lawn.png', mimeType: 'image/png', buffer });
  await page.getByRole('radio', { name: 'Redo a part' }).check({ force: true });
  expect(await violations()).toEqual([]);
  await page.getByRole('button', { name: 'Mark the part' }).click();
  await page.getByText('Nothing is marked.').waitFor();
  expect(await violations()).toEqual([]);
  const wide = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#mask-dialog'))`;
  expect(await page.evaluate(wide)).toBe(0);
  await page.keyboard.press('Escape');
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  expect(overflow).toBeLessThanOrEqual(0);
});

it('is used with the keyboard alone, from the key to the code', async () => {
  tab = await PlaygroundPage.open(browser, service.summary.url);
  const { page } = tab;
  const { keyboard } = page;
  const focused = page.locator(':focus');
  const tabTo = async (selector: string): Promise<void> => {
    for (let presses = 0; presses < 40; presses++) {
      if ((await page.locator(`${selector}:focus`).count()) > 0) return;
      await keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${selector}`);
  };

  await keyboard.type(service.summary.apiKey);
  await keyboard.press('Enter');
  await page.getByText('1 worker ready').waitFor();
  await tabTo('#prompt');
  await keyboard.type('red heart');
  await keyboard.press('Control+Enter');
  await tab.until('red heart', 'succeeded');

  await tabTo('.frame');
  await keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'red heart' }).waitFor();
  await tabTo('#picture-reuse');
  await keyboard.press('Enter');
  expect(await focused.getAttribute('id')).toBe('prompt');
  expect(await tab.field('seed').inputValue()).toMatch(/^\d+$/);

  await tabTo('#open-code');
  await keyboard.press('Enter');
  await tabTo('[name="language"]');
  await keyboard.press('ArrowRight');
  expect(await page.locator('#code-text').textContent()).toContain('process.env.ZIMAGE_API_KEY');
  await keyboard.press('Escape');
  expect(await focused.getAttribute('id')).toBe('open-code');
});
