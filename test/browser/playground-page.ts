import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** What the page showed and said, in order: a fast machine is through a state before anybody could look for it. */
export interface Seen {
  states: string[];
  said: string[];
  previews: string[];
}

/** A tab with the playground, which notes what must never happen. */
export class PlaygroundPage {
  /** Refused by the content security policy, requests to other hosts, errors of its scripts. */
  readonly faults: string[] = [];

  private constructor(readonly page: Page) {}

  /** Without a key the page asks for one. */
  static async open(browser: Browser, url: string, options: { key?: string } & BrowserContextOptions = {}) {
    const { key, ...contextOptions } = options;
    const context = await browser.newContext(contextOptions);
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const self = new PlaygroundPage(page);
    page.on('pageerror', (error) => self.faults.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) self.faults.push(message.text());
    });
    page.on('request', (request) => {
      const target = new URL(request.url());
      if (target.protocol.startsWith('http') && target.origin !== new URL(url).origin) self.faults.push(request.url());
    });
    await page.addInitScript(watchPage);
    await page.goto(key === undefined ? url : `${url}/#key=${key}`);
    if (key !== undefined) await page.getByText('1 worker ready').waitFor();
    return self;
  }

  get prompt() {
    return this.page.locator('#prompt');
  }

  /** A field of the form by its name in the API. */
  field(name: string) {
    return this.page.locator(`[name="${name}"]`);
  }

  get make() {
    return this.page.getByRole('button', { name: 'Make picture' });
  }

  /** The newest one of a prompt. */
  tile(prompt: string) {
    return this.page.locator('.tile', { hasText: prompt }).first();
  }

  /** Orders what the form says; resolves when its tile is there. */
  async order(prompt: string, settings: { steps?: number } = {}) {
    await this.prompt.fill(prompt);
    if (settings.steps !== undefined) {
      await this.page.locator('details').evaluate((details) => ((details as unknown as { open: boolean }).open = true));
      await this.field('steps').fill(String(settings.steps));
    }
    await this.make.click();
    await this.tile(prompt).waitFor();
  }

  /** Resolves when one of the tiles of a prompt is in a state. */
  async until(prompt: string, state: string) {
    await this.page.locator(`.tile[data-state="${state}"]`, { hasText: prompt }).first().waitFor();
  }

  seen(): Promise<Seen> {
    return this.page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** Runs in the browser, before the page's own scripts. */
function watchPage(): void {
  // The browser's own names; the tests are compiled without them.
  const { document, MutationObserver } = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ textContent: string; src: string }> };
    MutationObserver: new (callback: () => void) => { observe(target: object, options: object): void };
  };
  const seen: Seen = { states: [], said: [], previews: [] };
  const note = (list: string[], text: string): void => {
    if (text !== '' && !list.includes(text)) list.push(text);
  };
  new MutationObserver(() => {
    for (const { textContent } of document.querySelectorAll('.tile .state')) note(seen.states, textContent);
    for (const { textContent } of document.querySelectorAll('#announcer')) note(seen.said, textContent);
    for (const { src } of document.querySelectorAll('.tile img[alt="Preview"]')) note(seen.previews, src);
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  Object.assign(globalThis, { seen });
}
