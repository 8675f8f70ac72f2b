import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecutionProviderError } from '../errors.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import { Tensor } from '../tensor/tensor.js';
import { OnnxSession } from './onnx-session.js';
import type { SessionGraph } from './session.js';
import { SessionThread, SessionThreadEnded } from './session-thread.js';

const side = 512;
const products = 12;

/** y = x multiplied by itself, again and again: long enough for the caller to do something else meanwhile. */
function powerGraph(): SessionGraph {
  const graph = new GraphBuilder('power');
  const scope = new Scope(graph, {
    take: (name) => {
      throw new RangeError(`there is no weight ${name}`);
    },
  });
  const x = graph.input('x', 'float32', ['rows', 'rows']);
  let y = x;
  for (let i = 0; i < products; i++) y = scope.op('MatMul', [y, x]);
  graph.output('y', y, ['rows', 'rows']);
  return graph.build();
}

const rows = Float32Array.from({ length: 2 * side * side }, (_, i) => ((i % 7) - 3) / side);
/** The second half of its buffer. */
const x = new Tensor(rows.subarray(side * side), [side, side]);

describe('a thread of sessions', () => {
  let thread: SessionThread;
  beforeEach(() => {
    thread = new SessionThread('testing');
  });
  afterEach(() => thread.close());

  it('computes what a session on the caller’s thread computes, and leaves the inputs to their owner', async () => {
    const own = await OnnxSession.open(powerGraph(), { threads: 1 });
    const there = await thread.open(powerGraph(), { threads: 1 });
    const expected = await own.run({ x }, ['y']);
    await own.close();
    for (let round = 0; round < 2; round++) {
      const { y } = await there.run({ x }, ['y']);
      expect(y.dims).toEqual([side, side]);
      expect(Buffer.compare(new Uint8Array(y.data.buffer), new Uint8Array(expected.y.data.buffer))).toBe(0);
    }
  });

  it('leaves the caller’s event loop free during a run', async () => {
    const session = await thread.open(powerGraph(), { threads: 1 });
    let turns = 0;
    const ended = new AbortController();
    const run = session.run({ x }, ['y']).finally(() => ended.abort());
    while (!ended.signal.aborted) {
      await nextTurn();
      turns += 1;
    }
    await run;
    // On the caller's own thread it is one or two.
    expect(turns).toBeGreaterThan(10);
  });

  it('says what ONNX Runtime says, and goes on', async () => {
    const session = await thread.open(powerGraph(), { threads: 1 });
    await expect(session.run({ x: Tensor.filled([1, 2, 3], 1) }, ['y'])).rejects.toThrow(/Invalid rank for input: x/);
    await expect(thread.open({ bytes: Uint8Array.of(1, 2, 3), root: '/' })).rejects.toThrow(/protobuf/i);
    await expect(thread.open(powerGraph(), { executionProviders: ['abacus'] })).rejects.toThrow(ExecutionProviderError);
    expect((await session.run({ x: Tensor.filled([1, 1], 1) }, ['y'])).y.data).toEqual(Float32Array.of(1));
  });

  it('finishes what it was asked for before it is closed, and takes nothing afterwards', async () => {
    const session = await thread.open(powerGraph(), { threads: 1 });
    const run = session.run({ x: Tensor.filled([1, 1], 1) }, ['y']);
    await thread.close();
    expect((await run).y.data).toEqual(Float32Array.of(1));
    await expect(session.run({ x }, ['y'])).rejects.toThrow(SessionThreadEnded);
    await thread.close();
  });
});

describe('a thread that dies', () => {
  const entry = (code: string): URL =>
    new URL(
      `data:text/javascript,import{parentPort}from'node:worker_threads';parentPort.on('message',()=>{${encodeURIComponent(code)}})`,
    );

  it.each([
    ["throw new Error('out of luck')", /the thread for testing failed: out of luck/],
    ['process.exit(3)', /the thread for testing ended with code 3/],
  ])('fails what it held, and what comes after, with its name: %s', async (code, message) => {
    const thread = new SessionThread('testing', entry(code));
    const held = thread.open(powerGraph());
    await expect(held).rejects.toThrow(message);
    await expect(held).rejects.toMatchObject({ code: 'session_thread_ended', retryable: true });
    await expect(thread.open(powerGraph())).rejects.toThrow(SessionThreadEnded);
    await thread.close();
  });
});
