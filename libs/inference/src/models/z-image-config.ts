import { z } from 'zod';

/** The pipelines of Z-Image call the transformer with these, whatever other sizes a checkpoint has weights for. */
const patchSize = 2;
const framePatchSize = 1;

/** Bounded, so that a hostile file cannot ask for a graph that fills the memory; the published model has 30. */
const layerCount = z.int().nonnegative().max(1024);
const evenWidth = z.int().positive().multipleOf(2);
/** Where diffusers' position tables end. Ours have no end, but one that holds not even the shortest caption is a mistake. */
const tableLength = z.int().positive();
const shortestCaption = 32;

/**
 * diffusers' ZImageTransformer2DModel: what its config.json may say and this implementation can do. `n_kv_heads` is not
 * read, as diffusers does not use it either.
 */
export const zImageConfig = z
  .object({
    _class_name: z.literal('ZImageTransformer2DModel').optional(),
    quantization_config: z.null({ error: 'quantized weights are not supported' }).optional(),
    all_patch_size: z.array(z.int().positive()),
    all_f_patch_size: z.array(z.int().positive()),
    axes_dims: z.tuple([evenWidth, evenWidth, evenWidth]),
    axes_lens: z.tuple([tableLength, tableLength, tableLength]).optional(),
    cap_feat_dim: z.int().positive(),
    dim: z.int().positive(),
    in_channels: z.int().positive(),
    n_heads: z.int().positive(),
    n_layers: layerCount.min(1),
    n_refiner_layers: layerCount,
    norm_eps: z.number().positive().max(1),
    qk_norm: z.literal(true),
    rope_theta: z.number().positive(),
    siglip_feat_dim: z.int().positive().nullish(),
    t_scale: z.number().positive(),
  })
  .refine(
    ({ all_patch_size, all_f_patch_size }) =>
      all_patch_size.some((size, i) => size === patchSize && all_f_patch_size[i] === framePatchSize),
    { path: ['all_patch_size'], error: `must include ${patchSize} with all_f_patch_size ${framePatchSize}` },
  )
  .refine(({ axes_lens }) => axes_lens === undefined || axes_lens[0] > shortestCaption + 1, {
    path: ['axes_lens'],
    error: `must begin with more than ${shortestCaption + 1}: a caption and its image take as many positions`,
  })
  .refine(({ dim, n_heads }) => dim % n_heads === 0, { path: ['n_heads'], error: 'must divide dim' })
  .refine(({ dim, n_heads, axes_dims }) => axes_dims.reduce((sum, d) => sum + d, 0) === dim / n_heads, {
    path: ['axes_dims'],
    error: 'must add up to dim / n_heads',
  })
  .transform((config) => ({
    width: config.dim,
    headCount: config.n_heads,
    headWidth: config.dim / config.n_heads,
    layerCount: config.n_layers,
    refinerLayerCount: config.n_refiner_layers,
    feedForwardWidth: Math.floor((config.dim / 3) * 8),
    /** Width of the timestep's embedding. */
    modulatorWidth: Math.min(config.dim, 256),
    captionWidth: config.cap_feat_dim,
    /** Width of a vision encoder's features; null: the checkpoint takes none. */
    visionWidth: config.siglip_feat_dim ?? null,
    latentChannels: config.in_channels,
    patchSize,
    /** Module name of the patch embedder and the final layer for this patch size. */
    patchKey: `${patchSize}-${framePatchSize}`,
    /** Values in one patch. */
    patchWidth: patchSize * patchSize * framePatchSize * config.in_channels,
    normEpsilon: config.norm_eps,
    /** Widths of a head's parts that turn with the sequence, row and column position. */
    ropeAxisWidths: config.axes_dims,
    ropeTheta: config.rope_theta,
    timestepScale: config.t_scale,
  }));

export type ZImageConfig = z.output<typeof zImageConfig>;
