import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { AutoEncoderImageDecoder } from '../../libs/inference/src/engine/auto-encoder.js';
import { checkpointGraphs } from '../../libs/inference/src/engine/checkpoint-graphs.js';
import { Qwen3Encoder } from '../../libs/inference/src/engine/qwen3-encoder.js';
import { TorchGenerator } from '../../libs/inference/src/scheduler/torch-generator.js';
import { OnnxSession } from '../../libs/inference/src/session/onnx-session.js';
import type { Session } from '../../libs/inference/src/session/session.js';
import { sizeOf, Tensor } from '../../libs/inference/src/tensor/tensor.js';
import { checkpointOf } from '../support/golden.js';

const { configs, graphs } = checkpointGraphs(openCheckpoint(checkpointOf('z-image-nano-turbo')));

/** A session that counts what its calls hold, by the first dim of an input. */
function counted(session: Session, input: string): { session: Session; calls: number[] } {
  const calls: number[] = [];
  const run: Session['run'] = (inputs, outputs) => {
    calls.push(inputs[input]?.dims?.[0] ?? 0);
    return session.run(inputs, outputs);
  };
  return { session: { run }, calls };
}

// Accelerators share these calls (docs/decisions/0022); here the CPU's kernels are made to.
describe('prompts and images that share a call', () => {
  let encoder: OnnxSession;
  let decoder: OnnxSession;
  beforeAll(async () => {
    encoder = await OnnxSession.open(graphs.textEncoder);
    decoder = await OnnxSession.open(graphs.decoder);
  });
  afterAll(() => Promise.all([encoder.close(), decoder.close()]));

  it('are encoded together where they are of one length, each as it is alone', async () => {
    const prompts = [20, 9, 20, 20].map((length, i) => Array.from({ length }, (_, at) => 100 + 31 * i + at));
    const { session, calls } = counted(encoder, 'token_ids');
    const together = new Qwen3Encoder(configs.textEncoder, session, 4, 40);
    const alone = new Qwen3Encoder(configs.textEncoder, encoder, 1, 40);
    const embeds = await Promise.all(prompts.map((prompt) => together.encode(prompt)));
    // Three would hold more than 40 tokens.
    expect(calls).toEqual([2, 1, 1]);
    for (const [i, prompt] of prompts.entries()) expect(embeds[i]).toEqual(await alone.encode(prompt));
  });

  it('are decoded together where they are of one size, each as it is alone', async () => {
    const sides = [16, 8, 16, 16];
    const latents = sides.map((side, seed) => {
      const dims = [configs.autoEncoder.latentChannels, side, side];
      return new Tensor(new TorchGenerator(seed).randn(sizeOf(dims)), dims);
    });
    const { session, calls } = counted(decoder, 'latents');
    const together = new AutoEncoderImageDecoder(session, 4, 4096);
    const alone = new AutoEncoderImageDecoder(decoder, 1, 4096);
    const images = await Promise.all(latents.map((each) => together.decode(each)));
    expect(calls).toEqual([3, 1]);
    for (const [i, each] of latents.entries()) expect(images[i]).toEqual(await alone.decode(each));
  });
});
