import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { CheckpointOptions } from '../engine-types.js';
import type { CheckpointComponents } from '../pipelines/components.js';
import { AutoEncoderImageDecoder, AutoEncoderImageEncoder } from './auto-encoder.js';
import { checkpointGraphs } from './checkpoint-graphs.js';
import { checkMemory } from './check-memory.js';
import { exactQuantizedType } from './exact-quantized-type.js';
import { memoryCapacity } from './memory-capacity.js';
import { captionTokens, largestImageTokens, type Load } from './memory-estimate.js';
import { planNetworks, type Placement } from './network-plan.js';
import { openSessions } from './open-sessions.js';
import { proveAccelerator } from './prove-accelerator.js';
import { Qwen3Encoder } from './qwen3-encoder.js';
import { Siglip2Encoder } from './siglip2-encoder.js';
import { ZImageDenoiser } from './z-image-denoiser.js';
import { ZImageOmni } from './z-image-omni.js';

/** The least that every engine is opened for: one image of 256 × 256 pixels. */
const smallestLoad: Load = { tokenBudget: 256, samplesPerCall: 1 };

/**
 * Loads the networks of a checkpoint.
 * @throws CheckpointError naming file and field when the checkpoint is damaged or not supported
 * @throws MemoryInsufficient when it would not fit with `load` in flight, before any of it is loaded
 * @throws ExecutionProviderError when an execution provider is missing or takes no work; PrecisionError
 */
export async function openComponents(
  checkpoint: Checkpoint,
  options: Omit<CheckpointOptions, 'checkpoint'> = {},
  load = smallestLoad,
): Promise<CheckpointComponents> {
  const plan = planNetworks(options, options.precision === 'int8' ? await exactQuantizedType() : undefined);
  const { configs, graphs, editGraphs } = checkpointGraphs(checkpoint, plan);
  checkMemory(configs, options, load, await memoryCapacity(plan, options.hostMemoryBytes));
  await proveAccelerator(plan.transformer);
  const { sessions, editSessions, close } = await openSessions(graphs, editGraphs, plan, options.threads);
  const { edit } = configs;
  return {
    textEncoder: new Qwen3Encoder(
      configs.textEncoder,
      sessions.textEncoder,
      sharers(plan.textEncoder, load),
      captionTokens,
    ),
    denoiser: new ZImageDenoiser(configs.transformer, sessions, {
      oneSamplePerCall: plan.step.form.quantizedWeights !== null,
    }),
    imageEncoder: new AutoEncoderImageEncoder(sessions.encoder),
    imageDecoder: new AutoEncoderImageDecoder(
      sessions.decoder,
      sharers(plan.autoEncoder, load),
      largestImageTokens * configs.transformer.patchSize ** 2,
    ),
    edit:
      edit && editSessions
        ? new ZImageOmni(
            configs.transformer,
            new Siglip2Encoder(edit.vision, edit.preprocessing, editSessions.visionEncoder),
            { caption: sessions.caption, ...editSessions },
          )
        : null,
    latentChannels: configs.transformer.latentChannels,
    vaeScale: configs.autoEncoder.scale,
    patchSize: configs.transformer.patchSize,
    close,
  };
}

/**
 * Samples that may share a call before and after the loop. On a CPU none: it would be slower (docs/decisions/0022). Together
 * they are no larger than the one that the memory is estimated for.
 */
const sharers = ({ executionProviders: [first] }: Placement, { samplesPerCall }: Load): number =>
  first === 'cpu' ? 1 : samplesPerCall;
