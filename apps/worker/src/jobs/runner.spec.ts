import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { isTerminal } from '@app/common/contracts/job-states.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import { InputStore } from '@app/common/input-images/input-store.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import type { ImageRequest } from '@app/inference';
import { eventually } from '../../../../test/support/eventually.js';
import { generationRequest, newJob, newModel } from '../../../../test/support/jobs.js';
import { MemoryStorage } from '../../../../test/support/memory-storage.js';
import { useRedis } from '../../../../test/support/redis.js';
import type { RunObserver } from '../engine-host/client.js';
import type { EncodedImage } from '../engine-host/protocol.js';
import { EngineCrashed, EngineRequestFailed } from '../engine-host/errors.js';
import { Admission } from './admission.js';
import { JobInputs } from './job-inputs.js';
import { Publisher } from './publisher.js';
import { JobRunner } from './runner.js';

const { redisUrl } = await useRedis();

/** An engine whose images are made when the test says so, with seeds as their bytes. */
class HandEngine {
  readonly waiting: {
    request: ImageRequest;
    preview(step: number): void;
    make(): void;
    fail(error: Error): void;
  }[] = [];

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  run(request: ImageRequest, _output: unknown, observer: RunObserver, signal: AbortSignal): Promise<EncodedImage> {
    return new Promise((resolve, fail) => {
      signal.addEventListener('abort', () => fail(signal.reason as Error));
      const make = (): void => {
        for (let step = 1; step <= request.steps; step++) observer.onStep(step, request.steps);
        const { width, height, seed } = request;
        resolve({ bytes: Buffer.from(`${seed}`), width, height, computeMs: 1, batch: { max: 2, mean: 1.5 } });
      };
      const preview = (step: number): void =>
        observer.onPreview?.(step, { bytes: Buffer.from(`after ${step}`), width: 64, height: 32 });
      this.waiting.push({ request, preview, make, fail });
    });
  }
}

describe('JobRunner', () => {
  let model: string;
  let engine: HandEngine;
  let storage: MemoryStorage;
  let store: JobStore;
  let source: JobSource;
  let admission: Admission;
  let runner: JobRunner;
  let connections: ReturnType<typeof workerConnection>[];

  beforeEach(async () => {
    model = newModel();
    engine = new HandEngine();
    storage = new MemoryStorage();
    connections = [workerConnection(redisUrl), workerConnection(redisUrl)];
    store = new JobStore(connections[0]!, { models: [model] });
    source = new JobSource(connections[1]!, model, `worker-${model}`);
    await source.open();
    // Room for two images of 256 × 256.
    admission = new Admission(512);
    runner = new JobRunner({
      workerId: `worker-${model}`,
      store,
      source,
      engine,
      admission,
      inputs: new JobInputs(new InputStore(storage)),
      publisher: new Publisher(storage),
      log: pino({ level: 'silent' }),
    });
    runner.start();
  });
  afterEach(async () => {
    for (const image of engine.waiting) image.make();
    await runner.drain(1000);
    await source.close();
    await store.close();
    for (const connection of connections) connection.disconnect();
  });

  const accept = async (changes: Partial<typeof generationRequest> = {}): Promise<string> => {
    const { record } = await store.accept(newJob(model, { request: { ...generationRequest, ...changes } }));
    return record.id;
  };
  const inEngine = (count: number): Promise<boolean> => eventually(() => engine.waiting.length === count);
  const ended = (id: string): Promise<JobRecord> =>
    eventually(async () => {
      const record = await store.get(id);
      return record && isTerminal(record.state) && record;
    });

  it('runs a job of several images, each from its own seed, as room appears', async () => {
    const id = await accept({ n: 3, seed: 5 });
    await inEngine(2);
    engine.waiting[0]!.make();
    await inEngine(3);
    engine.waiting[1]!.make();
    engine.waiting[2]!.make();
    const record = await ended(id);
    expect(record).toMatchObject({
      state: 'succeeded',
      batch: { max: 2, mean: 1.5 },
      progress: { step: 24, steps: 24 },
    });
    expect(record.images.map(({ seed, key }) => [seed, key])).toEqual([
      [5, `acme/${id}/0.png`],
      [6, `acme/${id}/1.png`],
      [7, `acme/${id}/2.png`],
    ]);
  });

  it('gives the engine the input images of a job, and fails it when one is gone', async () => {
    const input = (sha256: string) => ({ sha256, width: 16, height: 16, bytes: 1 });
    for (const name of ['image', 'mask']) {
      const info = { contentType: 'image/png', sha256: name };
      await storage.putIfAbsent(`acme/inputs/${name}.png`, Buffer.from(name), info);
    }
    const id = await accept({ image: input('image'), mask: input('mask'), strength: 0.5 });
    await inEngine(1);
    expect(engine.waiting[0]!.request.source).toEqual({
      kind: 'inpaint',
      image: Buffer.from('image'),
      mask: Buffer.from('mask'),
      strength: 0.5,
    });
    engine.waiting[0]!.make();
    expect((await ended(id)).state).toBe('succeeded');
    const orphan = await accept({ images: [input('image'), input('gone')] });
    expect(await ended(orphan)).toMatchObject({ state: 'failed', error: { code: 'input_missing' } });
  });

  it('publishes previews, deletes those of a job without a result, and survives one that cannot be stored', async () => {
    const stored = (): string[] => [...storage.objects.keys()].sort();
    const failed = await accept({ preview_every: 3 });
    await inEngine(1);
    expect(engine.waiting[0]!.request.previewEvery).toBe(3);
    engine.waiting[0]!.preview(3);
    await eventually(() => storage.objects.has(`acme/${failed}/preview-0-3.jpg`));
    engine.waiting[0]!.fail(new EngineRequestFailed({ code: 'no', message: 'no', retryable: false }));
    expect(await ended(failed)).toMatchObject({ state: 'failed' });
    await eventually(() => stored().length === 0);

    const made = await accept({ preview_every: 3 });
    await inEngine(2);
    storage.failures.push('before');
    engine.waiting[1]!.preview(3);
    await new Promise((done) => setImmediate(done));
    expect(storage.failures).toEqual([]);
    engine.waiting[1]!.preview(6);
    engine.waiting[1]!.make();
    expect(await ended(made)).toMatchObject({ state: 'succeeded' });
    expect(stored()).toEqual([`acme/${made}/0.png`, `acme/${made}/preview-0-6.jpg`]);
    const events = await connections[0]!.xrange(new ModelKeys(model).events(made), '-', '+');
    const previews = events.filter(([, fields]) => fields[1] === 'preview').map(([, fields]) => fields[3]!);
    expect(previews.map((data) => JSON.parse(data) as unknown)).toEqual([
      { index: 0, step: 6, width: 64, height: 32, key: `acme/${made}/preview-0-6.jpg` },
    ]);
  });

  it('ends a job whose preview hangs on its way, and deletes it when it arrives after a failure', async () => {
    storage.hangingOn = /preview/;
    const id = await accept({ preview_every: 3 });
    await inEngine(1);
    engine.waiting[0]!.preview(3);
    engine.waiting[0]!.fail(
      new EngineRequestFailed({ code: 'size_unsupported', message: 'too odd', retryable: false }),
    );
    expect(await ended(id)).toMatchObject({ state: 'failed' });
    const deleted: boolean[] = [];
    const remove = storage.delete.bind(storage);
    storage.delete = (key) => {
      deleted.push(storage.objects.has(key));
      return remove(key);
    };
    storage.letGo();
    await eventually(() => deleted.includes(true));
    expect(storage.objects.size).toBe(0);
  });

  it('leaves jobs in the queue while one waits for room', async () => {
    await accept({ batch: false });
    await inEngine(1);
    const parked = await accept();
    const later = await accept();
    await new Promise((done) => setTimeout(done, 300));
    expect(engine.waiting).toHaveLength(1);
    engine.waiting[0]!.make();
    await inEngine(3);
    for (const image of engine.waiting) image.make();
    expect((await ended(parked)).state).toBe('succeeded');
    expect((await ended(later)).state).toBe('succeeded');
  });

  it('fails a job with the code of its error and deletes its other images', async () => {
    const id = await accept({ n: 2 });
    await inEngine(2);
    engine.waiting[0]!.make();
    await eventually(() => storage.objects.size === 1);
    engine.waiting[1]!.fail(
      new EngineRequestFailed({ code: 'size_unsupported', message: 'too odd', retryable: false }),
    );
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'size_unsupported', message: 'too odd' } });
    expect(storage.objects.size).toBe(0);
  });

  it('runs a job again, alone, after a crash, keeps what was uploaded, and gives up after the second', async () => {
    const id = await accept({ n: 2, seed: 5 });
    await inEngine(2);
    engine.waiting[0]!.make();
    await eventually(() => storage.objects.size === 1);
    engine.waiting[1]!.fail(new EngineCrashed('SIGKILL'));
    await inEngine(3);
    expect(engine.waiting[2]!.request).toMatchObject({ seed: 6, alone: true });
    engine.waiting[2]!.fail(new EngineCrashed('SIGKILL'));
    expect(await ended(id)).toMatchObject({ state: 'failed', crashes: 2, error: { code: 'engine_crashed' } });
    expect(storage.objects.size).toBe(0);
  });

  it('runs what ran out of memory again, with less in flight', async () => {
    const ids = [await accept(), await accept()];
    await inEngine(2);
    const short = new EngineRequestFailed({ code: 'out_of_memory', message: 'no memory', retryable: true });
    for (const image of engine.waiting) image.fail(short);
    // Suspects run alone.
    await inEngine(3);
    engine.waiting[2]!.make();
    await inEngine(4);
    engine.waiting[3]!.make();
    for (const id of ids) expect(await ended(id)).toMatchObject({ state: 'succeeded', crashes: 1, attempts: 2 });
    expect(admission.budget).toBe(384);
  });

  it('finishes a job whose images were all uploaded before, without the engine', async () => {
    const id = await accept({ n: 2, seed: 5 });
    for (const index of [0, 1]) {
      await storage.putIfAbsent(`acme/${id}/${index}.png`, Buffer.from('x'), { contentType: 'image/png', sha256: 'f' });
    }
    await inEngine(2);
    await store.progress(id, 1, 1, 16);
    engine.waiting[0]!.fail(new EngineCrashed('SIGKILL'));
    expect(await ended(id)).toMatchObject({
      state: 'succeeded',
      attempts: 2,
      progress: { step: 16, steps: 16 },
      images: [{ sha256: 'f' }, { sha256: 'f' }],
    });
    expect(engine.waiting).toHaveLength(2);
  });

  it('goes on fetching when a job can neither begin nor be handed back', async () => {
    let refused = 0;
    const refuse = (): Promise<never> => {
      refused += 1;
      return Promise.reject(new Error('READONLY'));
    };
    const [get, handBack] = [store.get.bind(store), source.handBack.bind(source)];
    Object.assign(store, { get: refuse });
    Object.assign(source, { handBack: refuse });
    await accept();
    await eventually(() => refused >= 2);
    Object.assign(store, { get });
    Object.assign(source, { handBack });
    const next = await accept();
    await inEngine(1);
    engine.waiting[0]!.make();
    expect((await ended(next)).state).toBe('succeeded');
  });

  it('ends a running job that is cancelled, and one whose deadline passes', async () => {
    const canceled = await accept();
    await inEngine(1);
    await store.cancel(canceled);
    runner.cancel(canceled);
    expect((await ended(canceled)).state).toBe('canceled');

    const { record } = await store.accept(newJob(model, { deadlineAt: Date.now() + 500 }));
    expect((await ended(record.id)).state).toBe('expired');
  });

  it('hands back on drain what does not finish in time, parked and running', async () => {
    const running = await accept({ batch: false });
    await inEngine(1);
    const parked = await accept();
    await new Promise((done) => setTimeout(done, 200));
    await runner.drain(200);
    expect(await store.get(running)).toMatchObject({ state: 'queued', attempts: 1 });
    expect(await store.get(parked)).toMatchObject({ state: 'queued', attempts: 0 });
  });
});
