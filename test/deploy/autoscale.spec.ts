import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { chooseTarget, coldStartS, imageSeconds } from '../../bench/autoscale/choose-target.mjs';
import { readScaling } from '../../bench/autoscale/scaler.mjs';
import { renderOverlay } from './tools.js';

interface ScaledObjectSpec {
  triggers: [{ metadata: { targetValue: string } }];
}

describe.each([
  ['gpu', 'k8s/overlays/gpu/catalog.json', coldStartS.gpu],
  ['cpu-demo', 'models/catalog.json', coldStartS.cpu],
])('overlay %s', (overlay, catalogFile, coldStart) => {
  it('has the backlog a worker that the simulation of its models finds cheapest', () => {
    const { models } = JSON.parse(readFileSync(catalogFile, 'utf8')) as { models: { name: string }[] };
    const { manifests } = renderOverlay(overlay);
    const specs = new Map(
      manifests
        .filter(({ kind }) => kind === 'ScaledObject')
        .map(({ metadata, spec }) => [metadata.name, spec as unknown as ScaledObjectSpec]),
    );
    for (const model of models) {
      const spec = specs.get(`worker-${model.name}`)!;
      const { target } = chooseTarget({
        scaling: readScaling(spec),
        imageSeconds: imageSeconds(model),
        coldStartS: coldStart,
      });
      expect([model.name, spec.triggers[0].metadata.targetValue]).toEqual([model.name, String(target)]);
    }
  });
});
