import { z } from 'zod';

const ropeParameters = z.object({
  rope_theta: z.number().positive(),
  rope_type: z.literal('default').default('default'),
  partial_rotary_factor: z.literal(1).optional(),
});

/**
 * transformers' Qwen3: what its config.json may say and this implementation can do. `rope_theta` stands at the top in files
 * of transformers 4, in `rope_parameters` since 5.
 */
export const qwen3Config = z
  .object({
    model_type: z.literal('qwen3'),
    quantization_config: z.null({ error: 'quantized weights are not supported' }).optional(),
    attention_bias: z.boolean().default(false),
    head_dim: z.int().positive().multipleOf(2).default(128),
    hidden_act: z.literal('silu'),
    hidden_size: z.int().positive(),
    intermediate_size: z.int().positive(),
    is_causal: z.literal(true).default(true),
    layer_types: z.array(z.literal('full_attention')).nullish(),
    num_attention_heads: z.int().positive(),
    num_hidden_layers: z.int().positive(),
    num_key_value_heads: z.int().positive(),
    partial_rotary_factor: z.literal(1).optional(),
    rms_norm_eps: z.number().positive().max(1),
    rope_parameters: ropeParameters.nullish(),
    rope_scaling: z.null().optional(),
    rope_theta: z.number().positive().optional(),
    use_sliding_window: z.literal(false).default(false),
    vocab_size: z.int().positive(),
  })
  .refine((config) => config.num_attention_heads % config.num_key_value_heads === 0, {
    path: ['num_key_value_heads'],
    error: 'must divide num_attention_heads',
  })
  .transform((config, context) => {
    const ropeTheta = config.rope_parameters?.rope_theta ?? config.rope_theta;
    if (ropeTheta === undefined) {
      context.addIssue({ code: 'custom', path: ['rope_theta'], message: 'missing' });
      return z.NEVER;
    }
    return {
      width: config.hidden_size,
      feedForwardWidth: config.intermediate_size,
      layerCount: config.num_hidden_layers,
      headCount: config.num_attention_heads,
      keyValueHeadCount: config.num_key_value_heads,
      headWidth: config.head_dim,
      attentionBias: config.attention_bias,
      normEpsilon: config.rms_norm_eps,
      ropeTheta,
      vocabularySize: config.vocab_size,
    };
  });

export type Qwen3Config = z.output<typeof qwen3Config>;
