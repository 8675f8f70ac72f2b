import { afterAll } from '@jest/globals';
import { openCheckpoint } from '../../libs/inference/src/checkpoint/checkpoint.js';
import { openComponents } from '../../libs/inference/src/engine/open-components.js';
import type { CheckpointComponents } from '../../libs/inference/src/pipelines/components.js';

/** For a spec file: opens the networks of a checkpoint once, whoever asks, and closes them when its tests are over. */
export function sharedComponents(): (checkpoint: string) => Promise<CheckpointComponents> {
  const opened = new Map<string, Promise<CheckpointComponents>>();
  afterAll(async () => {
    for (const components of opened.values()) await (await components).close();
  });
  return (checkpoint) => {
    const components = opened.get(checkpoint) ?? openComponents(openCheckpoint(checkpoint));
    opened.set(checkpoint, components);
    return components;
  };
}
