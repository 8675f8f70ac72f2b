import { describe, expect, it } from '@jest/globals';
import { GraphBuilder, type Dim } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import { OnnxSession } from '../session/onnx-session.js';
import { Tensor } from '../tensor/tensor.js';
import { patchGridDims, patchify, unpatchify } from './patches.js';

const config = { latentChannels: 2, patchSize: 2 };

/** A graph that gives the patches of latents, and the latents made of the patches again. */
function thereAndBack() {
  const graph = new GraphBuilder('patches');
  const scope = new Scope(graph, {
    take: (name) => {
      throw new RangeError(`patches have no weight ${name}`);
    },
  });
  const dims = patchGridDims<Dim>(config, 'batch', 'rows', 'columns');
  const { patches, grid } = patchify(scope, graph.input('latents', 'float32', dims), config);
  graph.output('patches', patches, ['batch', 'tokens', 8]);
  graph.output('back', unpatchify(scope, patches, grid), dims);
  return graph.build();
}

describe('patches', () => {
  it('hold row, column, channel of one square and come back as they were', async () => {
    const session = await OnnxSession.open(thereAndBack());
    // Two samples of two channels, 4 rows and 6 columns, counted in the order in which they lie.
    const latents = new Tensor(
      Float32Array.from({ length: 2 * 2 * 4 * 6 }, (_, i) => i),
      patchGridDims(config, 2, 2, 3),
    );
    const { patches, back } = await session.run({ latents }, ['patches', 'back']);
    await session.close();
    expect(patches.dims).toEqual([2, 6, 8]);
    // The second patch of the first row: columns 2 and 3 of rows 0 and 1, both channels of a pixel together.
    expect([...patches.row(0).row(1).data]).toEqual([2, 26, 3, 27, 8, 32, 9, 33]);
    expect([...patches.row(1).row(1).data]).toEqual([50, 74, 51, 75, 56, 80, 57, 81]);
    expect(back).toEqual(latents);
  });
});
