import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { Embedded } from '../support/embedded.js';
import { launchChromium } from './launch-chromium.mjs';
import { PlaygroundPage } from './playground-page.js';

let service: Embedded;
let browser: Browser;
const open: PlaygroundPage[] = [];

/** A tab with the service's key; `null` is a tab without one. */
async function playground(options: { key?: string | null } & BrowserContextOptions = {}): Promise<PlaygroundPage> {
  const { key = service.summary.apiKey, ...rest } = options;
  const tab = await PlaygroundPage.open(browser, service.summary.url, { ...rest, ...(key !== null && { key }) });
  open.push(tab);
  return tab;
}

beforeAll(async () => {
  const workers = 'z-image-nano-turbo,z-image-nano-edit';
  [service, browser] = await Promise.all([Embedded.start({ workers }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await service.stop();
});
afterEach(async () => {
  const faults = open.flatMap((tab) => tab.faults);
  await Promise.all(open.splice(0).map((tab) => tab.close()));
  expect(faults).toEqual([]);
});

describe('a picture', () => {
  it('shows its steps and previews while it forms, and is announced when it is there', async () => {
    const tab = await playground();
    await tab.order('red apple', { steps: 30 });
    await tab.until('red apple', 'succeeded');
    const { states, said, previews } = await tab.seen();
    expect(states).toContain('Waiting for a worker');
    expect(states.filter((text) => /^Step \d+ of 30$/.test(text)).length).toBeGreaterThan(0);
    expect(previews.length).toBeGreaterThan(0);
    expect(said).toEqual(expect.arrayContaining(['In the queue: red apple', 'Ready: red apple']));
    expect(await tab.tile('red apple').locator('.facts').textContent()).toMatch(/^256 × 256 · \d+\.\d s · seed \d+$/);
    const image = tab.tile('red apple').locator('img');
    expect(await image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth)).toBe(256);
  });

  it('goes on from the last event when its stream is cut', async () => {
    const tab = await playground();
    const asked: (string | undefined)[] = [];
    await tab.page.route('**/events', async (route) => {
      asked.push(route.request().headers()['last-event-id']);
      if (asked.length > 1) return route.continue();
      return route.fulfill({ contentType: 'text/event-stream', body: 'id: 0-0\nevent: state\ndata: {}\n\n' });
    });
    await tab.order('star');
    await tab.until('star', 'succeeded');
    expect(asked).toEqual([undefined, '0-0']);
  });

  it('gives each picture of a job its place, its shape and its seed', async () => {
    const tab = await playground();
    await tab.field('n').fill('2');
    await tab.field('seed').fill('40');
    await tab.page.getByRole('radio', { name: '3:2' }).check({ force: true });
    await tab.prompt.fill('banana');
    await tab.make.click();
    await tab.page.getByText('320 × 208 · ').nth(1).waitFor();
    await tab.page.getByRole('button', { name: 'Open banana, seed 41' }).click();
    const dialog = tab.page.getByRole('dialog', { name: 'banana' });
    expect(await dialog.locator('dl').textContent()).toContain('Seed41');
    await dialog.getByRole('button', { name: 'Use these settings' }).click();
    expect(await tab.field('seed').inputValue()).toBe('41');
    expect(await tab.field('width').inputValue()).toBe('320');
  });

  it('is canceled', async () => {
    const tab = await playground();
    await tab.page.getByRole('radio', { name: 'Custom' }).check({ force: true });
    // A step of 4,096 tokens takes longer than a click.
    for (const side of ['width', 'height']) await tab.field(side).fill('1024');
    await tab.order('fox', { steps: 50 });
    await tab.tile('fox').getByRole('button', { name: 'Cancel' }).click();
    await tab.until('fox', 'canceled');
    await tab.tile('fox').getByRole('button', { name: 'Dismiss' }).click();
    await tab.page.getByText('Nothing here yet.').waitFor();
  });

  it('says why there is none', async () => {
    const tab = await playground();
    await tab.page.route(/\/v1\/jobs\/[^/]+$/, async (route) => {
      const job = (await (await route.fetch()).json()) as object;
      const error = { code: 'engine_crashed', message: 'the engine ended twice' };
      await route.fulfill({ json: { ...job, state: 'failed', images: [], error } });
    });
    await tab.order('robot');
    await tab.until('robot', 'failed');
    expect(await tab.tile('robot').locator('.state').textContent()).toBe('engine_crashed the engine ended twice');
  });
});

describe('an edit', () => {
  it('begins with a result', async () => {
    const tab = await playground();
    await tab.order('house');
    await tab.until('house', 'succeeded');
    await tab.tile('house').getByRole('button', { name: 'Edit' }).click();
    await tab.page.getByText('What should change?').waitFor();
    expect(await tab.page.getByLabel('Model').inputValue()).toBe('z-image-nano-edit');
    await tab.order('make the background navy', { steps: 4 });
    await tab.until('make the background navy', 'succeeded');
    const edits = await service.fetch('/v1/jobs?model=z-image-nano-edit');
    expect(await edits.json()).toMatchObject({ jobs: [{ kind: 'edit', state: 'succeeded' }] });
  });

  it("begins with one's own picture; one that is none is refused by its field", async () => {
    const tab = await playground();
    const green = { create: { width: 320, height: 192, channels: 3, background: 'green' } } as const;
    const buffer = await sharp(green).png().toBuffer();
    await tab.page.locator('#files').setInputFiles([
      { name: 'lawn.png', mimeType: 'image/png', buffer },
      { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
    ]);
    await tab.prompt.fill('flip it');
    await tab.make.click();
    await tab.page.locator('#images-error', { hasText: /\w/ }).waitFor();
    expect(await tab.page.getByRole('alert').first().textContent()).toContain('image_type_unsupported');
    await tab.page.getByRole('button', { name: 'Remove broken.png' }).click();
    await tab.order('flip it', { steps: 4 });
    await tab.page.getByText('320 × 192 · ').waitFor();
    await tab.until('flip it', 'succeeded');
  });
});

describe('a model', () => {
  it('says that it has no worker, and offers guidance if it looks at it', async () => {
    const tab = await playground();
    await tab.page.getByText('More settings').click();
    expect(await tab.field('negative_prompt').isVisible()).toBe(false);
    await tab.page.getByLabel('Model').selectOption('z-image-nano');
    await tab.page.getByText('No worker yet').waitFor();
    expect(await tab.field('steps').inputValue()).toBe('20');
    await tab.field('negative_prompt').fill('stem');
    await tab.page.getByRole('button', { name: 'Code', exact: true }).click();
    expect(await tab.page.locator('#code-text').textContent()).toContain('"negative_prompt": "stem"');
  });
});

describe('what is wrong', () => {
  it('is told with its code, beside its field, which gets the focus', async () => {
    const tab = await playground();
    await tab.prompt.fill('sun');
    await tab.field('n').fill('9');
    await tab.make.click();
    await tab.page.getByText('9 is above the limit max_images').first().waitFor();
    expect(await tab.page.locator('#problem code').textContent()).toBe('limit_exceeded');
    const field = tab.field('n');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await tab.page.locator(':focus').getAttribute('id')).toBe('n');

    await field.fill('1');
    await tab.page.getByRole('radio', { name: 'Custom' }).check({ force: true });
    await tab.field('width').fill('100');
    await tab.prompt.fill(' ');
    await tab.make.click();
    await tab.page.locator('#size-error', { hasText: 'must be a multiple of 16 px' }).waitFor();
    expect(await tab.page.locator('#prompt-error').textContent()).toBe('must not be empty');
    expect(await field.getAttribute('aria-invalid')).toBeNull();
  });

  it('is told when the service is away', async () => {
    const tab = await playground();
    await tab.page.context().setOffline(true);
    await tab.prompt.fill('sun');
    await tab.make.click();
    await tab.page.locator('#problem code', { hasText: 'unreachable' }).waitFor();
  });
});

describe('the API key', () => {
  it('is asked for, and again when it is unknown', async () => {
    const tab = await playground({ key: null });
    const dialog = tab.page.getByRole('dialog', { name: 'Your API key' });
    await dialog.getByLabel('API key').fill('zq_wrong');
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await dialog.getByText('The service does not know this key').waitFor();
    await dialog.getByLabel('API key').fill(service.summary.apiKey);
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await tab.page.getByText('1 worker ready').waitFor();
  });

  it('of a link leaves the address at once and is forgotten with its tab; what was made is found again', async () => {
    const tab = await playground();
    const kept = (): Promise<string> => tab.page.evaluate('JSON.stringify(localStorage)');
    expect(tab.page.url()).not.toContain('zq_');
    await tab.order('ghost');
    await tab.until('ghost', 'succeeded');
    expect(await kept()).not.toMatch(/zq_|ghost/);
    await tab.page.reload();
    await tab.until('ghost', 'succeeded');

    await tab.page.getByRole('button', { name: 'API key' }).click();
    await tab.page.getByLabel('Remember it in this browser').check();
    await tab.page.getByRole('button', { name: 'Use this key' }).click();
    expect(await kept()).toContain(service.summary.apiKey);
    await tab.page.getByRole('button', { name: 'API key' }).click();
    await tab.page.getByRole('button', { name: 'Forget it' }).click();
    expect(await kept()).not.toContain('zq_');
  });
});
