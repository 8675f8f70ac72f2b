import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { exportCheckpoint, OutputNotEmpty } from '@app/inference';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../../libs/inference/src/engine/checkpoint-graphs.js';
import { modulationWidth } from '../../libs/inference/src/models/z-image-modulation.js';
import { OnnxSession } from '../../libs/inference/src/session/onnx-session.js';
import { Tensor } from '../../libs/inference/src/tensor/tensor.js';
import { checkpointOf, difference } from '../support/golden.js';

const checkpoint = checkpointOf('tiny-t2i');
const { configs, graphs } = checkpointGraphs(openCheckpoint(checkpoint));
const { width, headWidth, captionWidth } = configs.transformer;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  await exportCheckpoint(checkpoint, join(folder, 'out'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Values that differ from each other, within [−1, 1]. */
function wave(...dims: number[]): Tensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor(
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7)),
    dims,
  );
}
const ints = (...integers: number[]) => ({ integers });

type Inputs = Parameters<OnnxSession['run']>[0];
const cases: [string, keyof typeof graphs, string, Inputs][] = [
  [
    'text_encoder',
    'textEncoder',
    'hidden',
    {
      token_ids: { integers: [1, 5, 9, 2], dims: [1, 4] },
      cos: wave(4, configs.textEncoder.headWidth / 2),
      sin: wave(4, configs.textEncoder.headWidth / 2),
    },
  ],
  [
    'transformer_caption',
    'caption',
    'caption',
    {
      embeds: wave(1, 20, captionWidth),
      pads: ints(1, 12, width),
      cos: wave(32, headWidth / 2),
      sin: wave(32, headWidth / 2),
    },
  ],
  ['transformer_modulation', 'modulation', 'modulation', { frequencies: wave(3, 256) }],
  [
    'transformer_step',
    'step',
    'velocity',
    {
      latents: wave(2, 16, 4, 2, 6, 2),
      pads: ints(2, 8, width),
      caption: wave(2, 32, width),
      modulation: wave(2, modulationWidth(configs.transformer)),
      cos: wave(64, headWidth / 2),
      sin: wave(64, headWidth / 2),
    },
  ],
  ['vae_encoder', 'encoder', 'mean', { image: wave(1, 3, 64, 48) }],
  ['vae_decoder', 'decoder', 'image', { latents: wave(1, 16, 8, 6) }],
];

const onnxPackage = resolve('.tools/onnx-python');
const onnxMissing = !existsSync(join(onnxPackage, 'version'));
if (onnxMissing) console.warn('Exports are NOT checked: run scripts/install-python-tools.sh (python3 with pip)');

/** Types, shapes and external data of each file, with shape inference over the whole graph; prints what has passed. */
const checkWithOnnx = `
import sys, onnx
for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
    print(path)
`;

describe('exportCheckpoint', () => {
  it.each(cases)('writes %s, which plain ONNX Runtime runs as the engine does', async (file, name, output, inputs) => {
    const own = await OnnxSession.open(graphs[name]);
    const plain = await InferenceSession.create(join(folder, 'out', `${file}.onnx`));
    const feeds = Object.entries(inputs).map(([key, input]): [string, OnnxTensor] => [
      key,
      input instanceof Tensor
        ? new OnnxTensor('float32', input.data, input.dims)
        : new OnnxTensor('int64', BigInt64Array.from(input.integers, BigInt), input.dims ?? [input.integers.length]),
    ]);
    const expected = (await own.run(inputs, [output]))[output]!;
    const actual = (await plain.run(Object.fromEntries(feeds)))[output]!;
    expect(actual.dims).toEqual(expected.dims);
    expect(difference(actual.data as Float32Array, expected.data).relative).toBeLessThan(1e-4);
    await Promise.all([own.close(), plain.release()]);
  });

  (onnxMissing ? it.skip : it)(
    'writes files that the checker of the onnx package finds nothing wrong with',
    async () => {
      const out = join(folder, 'checked');
      const files = await exportCheckpoint(checkpointOf('tiny-omni'), out);
      const checked = execFileSync('python3', ['-c', checkWithOnnx, ...files], {
        env: { ...process.env, PYTHONPATH: onnxPackage },
        encoding: 'utf8',
      });
      expect(checked.trim().split('\n')).toEqual(files);
      expect(() =>
        execFileSync('python3', ['-c', checkWithOnnx, join(out, 'vae_decoder.onnx.data')], {
          env: { ...process.env, PYTHONPATH: onnxPackage },
          stdio: 'ignore',
        }),
      ).toThrow();
    },
  );

  it('writes the networks of edits too', async () => {
    const out = join(folder, 'edit');
    const files = await exportCheckpoint(checkpointOf('tiny-omni'), out);
    expect(files).toHaveLength(9);
    for (const file of files) await (await InferenceSession.create(file)).release();
  });

  it('leaves a folder that is not empty, and one it fails in, as they were', async () => {
    const full = join(folder, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'mine'), '');
    await expect(exportCheckpoint(checkpoint, full)).rejects.toThrow(OutputNotEmpty);
    expect(readdirSync(full)).toEqual(['mine']);
    const before = readdirSync(folder);
    await expect(exportCheckpoint(checkpoint, join(full, 'mine', 'out'))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(before);
  });
});
