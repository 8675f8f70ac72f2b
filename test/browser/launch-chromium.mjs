import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
/** In ms, for a machine that is busy. */
const timeout = 120_000;
const bundled = resolve('.tools/chromium/node_modules/@sparticuz/chromium/build/esm/index.js');

/** A headless Chromium, as scripts/install-chromium.sh leaves one. */
export async function launchChromium() {
  const installed = [
    process.env.CHROMIUM ?? '',
    ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))),
  ].find((file) => file !== '' && existsSync(file));
  // Root may not use the sandbox.
  if (installed) return chromium.launch({ executablePath: installed, args: ['--no-sandbox'], timeout });
  if (!existsSync(bundled)) throw new Error('there is no Chromium: run scripts/install-chromium.sh');
  // On its own ground the package unpacks the libraries that Chromium needs.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: build } = await import(pathToFileURL(bundled).href);
  return chromium.launch({ executablePath: await build.executablePath(), args: build.args, timeout });
}
