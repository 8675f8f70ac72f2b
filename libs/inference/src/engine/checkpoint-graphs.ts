import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { checkComponents } from '../checkpoint/model-index.js';
import { CheckpointError } from '../errors.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { autoEncoderConfig } from '../models/auto-encoder-config.js';
import type { AutoEncoderConfig } from '../models/auto-encoder-config.js';
import { autoEncoderDecoder } from '../models/auto-encoder-decoder.js';
import { autoEncoderEncoder } from '../models/auto-encoder-encoder.js';
import { naFlexConfig, type NaFlexConfig } from '../image/naflex.js';
import { qwen3Config } from '../models/qwen3-config.js';
import type { Qwen3Config } from '../models/qwen3-config.js';
import { qwen3TextEncoder } from '../models/qwen3-text-encoder.js';
import { siglip2Config } from '../models/siglip2-config.js';
import type { Siglip2Config } from '../models/siglip2-config.js';
import { siglip2VisionEncoder } from '../models/siglip2-vision-encoder.js';
import { zImageCaption } from '../models/z-image-caption.js';
import { zImageConfig } from '../models/z-image-config.js';
import type { ZImageConfig } from '../models/z-image-config.js';
import { zImageModulation } from '../models/z-image-modulation.js';
import { zImageReference, zImageVision } from '../models/z-image-omni-conditions.js';
import { zImageStep } from '../models/z-image-step.js';
import { planNetworks, type NetworkPlan } from './network-plan.js';

export interface CheckpointConfigs {
  textEncoder: Qwen3Config;
  transformer: ZImageConfig;
  autoEncoder: AutoEncoderConfig;
  /** null: the checkpoint does not edit images. */
  edit: { vision: Siglip2Config; preprocessing: NaFlexConfig } | null;
}

/** One graph for each thing that is run on its own. */
export type CheckpointGraphs = Record<'textEncoder' | 'caption' | 'modulation' | 'step' | 'encoder' | 'decoder', Graph>;
export type EditGraphs = Record<'visionEncoder' | 'vision' | 'reference', Graph>;

/**
 * Reads the configs and builds every graph; nothing is loaded into memory yet.
 * @throws CheckpointError naming file and field, or the missing, unused or misshapen weight
 */
export function checkpointGraphs(
  checkpoint: Checkpoint,
  plan: NetworkPlan = planNetworks(),
): { configs: CheckpointConfigs; graphs: CheckpointGraphs; editGraphs: EditGraphs | null } {
  const { edits } = checkComponents(checkpoint);
  const configs: CheckpointConfigs = {
    textEncoder: checkpoint.json('text_encoder/config.json', qwen3Config),
    transformer: checkpoint.json('transformer/config.json', zImageConfig),
    autoEncoder: checkpoint.json('vae/config.json', autoEncoderConfig),
    edit: edits
      ? {
          vision: checkpoint.json('siglip/config.json', siglip2Config),
          preprocessing: checkpoint.json('siglip_processor/preprocessor_config.json', naFlexConfig),
        }
      : null,
  };
  checkAgreement(configs);
  return {
    configs,
    graphs: {
      textEncoder: textEncoderGraph(checkpoint, configs.textEncoder, plan.textEncoder.form),
      ...transformerGraphs(checkpoint, configs.transformer, plan),
      ...autoEncoderGraphs(checkpoint, configs.autoEncoder, plan.autoEncoder.form),
    },
    editGraphs: configs.edit && editGraphs(checkpoint, configs.transformer, configs.edit.vision, plan),
  };
}

function textEncoderGraph(checkpoint: Checkpoint, config: Qwen3Config, form: GraphForm): Graph {
  // Published encoders are saved as Qwen3ForCausalLM, whose keys begin with 'model.'.
  const weights = checkpoint.weights('text_encoder', { prefix: 'model.' });
  const graph = qwen3TextEncoder(config, weights, form);
  // hidden_states[-2] needs neither the last layer nor what follows it.
  weights.assertAllTaken([new RegExp(`^layers\\.${config.layerCount - 1}\\.`), /^norm\./, /^lm_head\./]);
  return graph;
}

function transformerGraphs(
  checkpoint: Checkpoint,
  config: ZImageConfig,
  plan: NetworkPlan,
): Pick<CheckpointGraphs, 'caption' | 'modulation' | 'step'> {
  const weights = checkpoint.weights('transformer');
  const graphs = {
    caption: zImageCaption(config, weights, plan.transformer.form),
    modulation: zImageModulation(config, weights, plan.transformer.form),
    step: zImageStep(config, weights, plan.step.form),
  };
  // Text-to-image runs without SigLIP features and with one of the patch sizes.
  const otherPatchSizes = new RegExp(`^all_(x_embedder|final_layer)\\.(?!${config.patchKey}\\.)`);
  weights.assertAllTaken([/^siglip_/, otherPatchSizes]);
  return graphs;
}

/** The transformer's part is checked for weights left over here: text to image alone takes none of them. */
function editGraphs(
  checkpoint: Checkpoint,
  config: ZImageConfig,
  vision: Siglip2Config,
  plan: NetworkPlan,
): EditGraphs {
  const { form } = plan.transformer;
  const encoderWeights = checkpoint.weights('siglip');
  const visionEncoder = siglip2VisionEncoder(vision, encoderWeights, plan.autoEncoder.form);
  encoderWeights.assertAllTaken([/^head\./]);
  const weights = checkpoint.weights('transformer');
  const graphs = {
    visionEncoder,
    vision: zImageVision(config, vision.width, weights, form),
    reference: zImageReference(config, weights, form),
  };
  weights.assertAllTaken([/^(?!siglip_)/]);
  return graphs;
}

function autoEncoderGraphs(
  checkpoint: Checkpoint,
  config: AutoEncoderConfig,
  form: GraphForm,
): Pick<CheckpointGraphs, 'encoder' | 'decoder'> {
  const weights = checkpoint.weights('vae');
  const graphs = {
    encoder: autoEncoderEncoder(config, weights, form),
    decoder: autoEncoderDecoder(config, weights, form),
  };
  weights.assertAllTaken();
  return graphs;
}

/** The components of one checkpoint must fit each other. */
function checkAgreement({ textEncoder, transformer, autoEncoder, edit }: CheckpointConfigs): void {
  if (transformer.captionWidth !== textEncoder.width) {
    throw new CheckpointError(
      'transformer/config.json',
      'cap_feat_dim',
      `is ${transformer.captionWidth}, but the text encoder's hidden_size is ${textEncoder.width}`,
    );
  }
  if (transformer.latentChannels !== autoEncoder.latentChannels) {
    throw new CheckpointError(
      'transformer/config.json',
      'in_channels',
      `is ${transformer.latentChannels}, but the autoencoder's latent_channels is ${autoEncoder.latentChannels}`,
    );
  }
  if (edit && transformer.visionWidth !== edit.vision.width) {
    throw new CheckpointError(
      'transformer/config.json',
      'siglip_feat_dim',
      `is ${transformer.visionWidth}, but the vision encoder's hidden_size is ${edit.vision.width}`,
    );
  }
  if (edit && edit.preprocessing.patchSize !== edit.vision.patchSize) {
    throw new CheckpointError(
      'siglip_processor/preprocessor_config.json',
      'patch_size',
      `is ${edit.preprocessing.patchSize}, but the vision encoder's is ${edit.vision.patchSize}`,
    );
  }
}
