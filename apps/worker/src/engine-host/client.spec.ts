import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ImageRequest } from '@app/inference';
import { EngineHost, type RunObserver } from './client.js';
import { EngineClosed, EngineCrashed, EngineKeepsDying, EngineRequestFailed, EngineUnusable } from './errors.js';

const entry = fileURLToPath(new URL('../../../../test/support/scripted-host.mjs', import.meta.url));
const never = new AbortController().signal;
const noSteps: (step: number) => void = () => undefined;

/** What the scripted host does follows from the prompt. */
const asking = (prompt: string): ImageRequest => ({
  prompt,
  negativePrompt: null,
  width: 16,
  height: 16,
  steps: 1,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed: 0,
});

describe('EngineHost', () => {
  let host: EngineHost;
  const open = async (checkpoint = 'fine', hangMs = 60_000): Promise<EngineHost> => {
    host = new EngineHost({ entry, hangMs, engine: { checkpoint, tokenBudget: 1 } });
    await host.open();
    return host;
  };
  const run = (
    prompt: string,
    signal = never,
    onStep = noSteps,
    onPreview?: RunObserver['onPreview'],
  ): ReturnType<EngineHost['run']> =>
    host.run(asking(prompt), { format: 'png' }, { onStep, ...(onPreview && { onPreview }) }, signal);

  afterEach(() => host.close());

  it('passes steps and image on, bytes as bytes', async () => {
    await open();
    const steps: number[] = [];
    const image = await run('hello', never, (step) => steps.push(step));
    expect(Buffer.from(image.bytes).toString()).toBe('hello');
    expect(steps).toEqual([1]);
  });

  it('passes previews on, and what a step costs when it is ready', async () => {
    const previews: [number, string][] = [];
    const opening = open();
    const [, stepCost] = (await once(host, 'ready')) as [number, unknown];
    await opening;
    expect(stepCost).toEqual({ msPerToken: 0.1, tokenBudget: 1 });
    await run('preview', never, noSteps, (step, { bytes }) => previews.push([step, Buffer.from(bytes).toString()]));
    expect(previews).toEqual([[1, 'early']]);
  });

  it('reports a refused request by its code, and goes on', async () => {
    await open();
    await expect(run('refuse')).rejects.toMatchObject({ code: 'size_unsupported' });
    await expect(run('refuse')).rejects.toBeInstanceOf(EngineRequestFailed);
    await expect(run('next')).resolves.toMatchObject({ width: 16 });
  });

  it('rejects all requests of a host that dies, then serves from another', async () => {
    await open();
    const pid = host.pid;
    const neighbour = run('wait');
    const killer = run('crash');
    await expect(neighbour).rejects.toBeInstanceOf(EngineCrashed);
    await expect(killer).rejects.toBeInstanceOf(EngineCrashed);
    await expect(run('again')).resolves.toMatchObject({ width: 16 });
    expect(host.pid).not.toBe(pid);
  });

  it('kills a host that hangs', async () => {
    await open('fine', 2_000);
    const crash = once(host, 'crash');
    const image = run('wait');
    await run('a sign of life');
    await expect(image).rejects.toBeInstanceOf(EngineCrashed);
    expect(await crash).toEqual([expect.stringMatching(/^no (sign of life|step) for/), false]);
  });

  it('gives up when host after host dies while it opens', async () => {
    let crashes = 0;
    host = new EngineHost({ entry, hangMs: 60_000, engine: { checkpoint: 'deadly', tokenBudget: 1 } });
    host.on('crash', () => (crashes += 1));
    await expect(host.open()).rejects.toThrow(
      new EngineKeepsDying('5 engine hosts died while they opened, the last by SIGKILL'),
    );
    expect(crashes).toBe(5);
    await expect(host.whenReady()).rejects.toBeInstanceOf(EngineKeepsDying);
    await expect(run('late')).rejects.toBeInstanceOf(EngineKeepsDying);
  });

  it('says what is wrong with a checkpoint', async () => {
    await expect(open('broken')).rejects.toThrow(
      new EngineUnusable({ code: '', message: 'vae/config.json: missing', retryable: false }),
    );
  });

  it('takes an aborted request out of the host and rejects with the reason', async () => {
    await open();
    const abort = new AbortController();
    const image = run('wait', abort.signal);
    abort.abort(new Error('changed my mind'));
    await expect(image).rejects.toThrow('changed my mind');
    expect([...(await run('which aborts')).bytes]).toEqual([1]);
  });

  it('rejects what is open when it closes', async () => {
    await open();
    const image = run('wait');
    await Promise.all([expect(image).rejects.toBeInstanceOf(EngineClosed), host.close()]);
    await expect(run('late')).rejects.toBeInstanceOf(EngineClosed);
  });
});
