import { z } from 'zod';

/** diffusers' AutoencoderKL: what its config.json may say and this implementation can do. */
export const autoEncoderConfig = z
  .object({
    _class_name: z.literal('AutoencoderKL').optional(),
    quantization_config: z.null({ error: 'quantized weights are not supported' }).optional(),
    act_fn: z.literal('silu').default('silu'),
    block_out_channels: z.array(z.int().positive()).min(1),
    down_block_types: z.array(z.literal('DownEncoderBlock2D')),
    up_block_types: z.array(z.literal('UpDecoderBlock2D')),
    in_channels: z.literal(3),
    latent_channels: z.int().positive(),
    layers_per_block: z.int().positive(),
    mid_block_add_attention: z.boolean().default(true),
    norm_num_groups: z.int().positive(),
    out_channels: z.literal(3),
    scaling_factor: z.number().positive(),
    shift_factor: z.number().nullish(),
    use_post_quant_conv: z.boolean().default(true),
    use_quant_conv: z.boolean().default(true),
  })
  .refine(({ down_block_types, block_out_channels }) => down_block_types.length === block_out_channels.length, {
    path: ['down_block_types'],
    error: 'must have one entry for each of block_out_channels',
  })
  .refine(({ up_block_types, block_out_channels }) => up_block_types.length === block_out_channels.length, {
    path: ['up_block_types'],
    error: 'must have one entry for each of block_out_channels',
  })
  .refine(({ norm_num_groups, block_out_channels }) => block_out_channels.every((c) => c % norm_num_groups === 0), {
    path: ['norm_num_groups'],
    error: 'must divide each of block_out_channels',
  })
  .transform((config) => ({
    /** Channels per level, from the image down to the latents. */
    levelChannels: config.block_out_channels,
    latentChannels: config.latent_channels,
    imageChannels: config.out_channels,
    resnetsPerLevel: config.layers_per_block,
    midAttention: config.mid_block_add_attention,
    normGroups: config.norm_num_groups,
    /** latents = (z − shift) · scaling */
    scaling: config.scaling_factor,
    shift: config.shift_factor ?? 0,
    quantConvolution: config.use_quant_conv,
    postQuantConvolution: config.use_post_quant_conv,
    /** Pixels per latent row and column. */
    scale: 2 ** (config.block_out_channels.length - 1),
  }));

export type AutoEncoderConfig = z.output<typeof autoEncoderConfig>;
