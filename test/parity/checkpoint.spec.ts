import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, copyFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { openComponents } from '../../libs/inference/src/engine/open-components.js';
import { checkpointOf, difference, goldenCase } from '../support/golden.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hub-')));
afterEach(() => rmSync(folder, { recursive: true }));

/** The layout of a Hugging Face cache: files under blobs/, and a snapshot of relative symlinks to them. */
function asHubCache(checkpoint: string): string {
  const snapshot = join(folder, 'snapshots/0123');
  mkdirSync(join(folder, 'blobs'));
  const files = readdirSync(checkpoint, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const [i, { parentPath, name }] of files.entries()) {
    const file = join(parentPath, name);
    const link = join(snapshot, relative(checkpoint, file));
    const blob = join(folder, 'blobs', String(i));
    copyFileSync(file, blob);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), blob), link);
  }
  return snapshot;
}

it('runs a sharded checkpoint out of a cache that is all symlinks', async () => {
  const golden = goldenCase('tiny-base');
  const components = await openComponents(openCheckpoint(asHubCache(checkpointOf('tiny-t2i'))), { threads: 1 });
  const { denoiser } = components;
  try {
    const modulation = (await denoiser.modulations([1 - golden.request.sigmas[0]!])).row(0);
    const caption = await denoiser.caption(golden.tensor('prompt_embeds0'));
    const latents = golden.tensor('initial_latents').row(0);
    const [velocity] = await denoiser.velocity([{ latents, caption, modulation }]);
    expect(difference(velocity!.data, golden.tensor('velocity0').row(0).data).relative).toBeLessThan(2e-4);
  } finally {
    await components.close();
  }
});
