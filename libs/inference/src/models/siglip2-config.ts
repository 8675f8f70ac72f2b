import { z } from 'zod';

/** transformers' Siglip2VisionModel: what its config.json may say and this implementation can do. */
export const siglip2Config = z
  .object({
    model_type: z.literal('siglip2_vision_model'),
    quantization_config: z.null({ error: 'quantized weights are not supported' }).optional(),
    hidden_act: z.literal('gelu_pytorch_tanh').default('gelu_pytorch_tanh'),
    hidden_size: z.int().positive().default(768),
    intermediate_size: z.int().positive().default(3072),
    layer_norm_eps: z.number().positive().max(1).default(1e-6),
    num_attention_heads: z.int().positive().default(12),
    num_channels: z.literal(3).default(3),
    num_hidden_layers: z.int().positive().max(1024).default(12),
    num_patches: z.int().positive().max(65_536).default(256),
    patch_size: z.int().positive().max(256).default(16),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ['num_attention_heads'],
    error: 'must divide hidden_size',
  })
  .refine(({ num_patches }) => Number.isInteger(Math.sqrt(num_patches)), {
    path: ['num_patches'],
    error: 'must be a square: the position embeddings are a square grid',
  })
  .transform((config) => ({
    width: config.hidden_size,
    feedForwardWidth: config.intermediate_size,
    headCount: config.num_attention_heads,
    layerCount: config.num_hidden_layers,
    normEpsilon: config.layer_norm_eps,
    /** Rows and columns of the stored position embeddings. */
    positionGridSize: Math.sqrt(config.num_patches),
    patchSize: config.patch_size,
    /** Values in one patch. */
    patchWidth: config.patch_size * config.patch_size * config.num_channels,
  }));

export type Siglip2Config = z.output<typeof siglip2Config>;
