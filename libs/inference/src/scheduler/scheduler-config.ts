import { z } from 'zod';

const unsupported = (name: string): z.ZodOptional<z.ZodLiteral<false>> =>
  z.literal(false, { error: `${name} is not supported` }).optional();

/**
 * scheduler/scheduler_config.json of FlowMatchEulerDiscreteScheduler. Schedules that Z-Image's pipelines do not use are
 * refused by name: running them as if they were off would give wrong images.
 */
export const SchedulerConfig = z
  .object({
    _class_name: z.literal('FlowMatchEulerDiscreteScheduler', {
      error: 'only FlowMatchEulerDiscreteScheduler is supported',
    }),
    num_train_timesteps: z.int().positive().default(1000),
    shift: z.number().positive().default(1),
    use_dynamic_shifting: z.boolean().default(false),
    time_shift_type: z.enum(['exponential', 'linear']).default('exponential'),
    base_shift: z.number().nullish(),
    max_shift: z.number().nullish(),
    base_image_seq_len: z.number().default(256),
    max_image_seq_len: z.number().default(4096),
    shift_terminal: z.number().gte(0).lt(1).nullish(),
    invert_sigmas: unsupported('invert_sigmas'),
    use_karras_sigmas: unsupported('use_karras_sigmas'),
    use_exponential_sigmas: unsupported('use_exponential_sigmas'),
    use_beta_sigmas: unsupported('use_beta_sigmas'),
    stochastic_sampling: unsupported('stochastic_sampling'),
  })
  .refine((config) => !config.use_dynamic_shifting || config.base_image_seq_len !== config.max_image_seq_len, {
    path: ['max_image_seq_len'],
    error: 'must differ from base_image_seq_len',
  })
  .transform((config) => ({
    trainTimesteps: config.num_train_timesteps,
    /** Constant shift, or by image size. */
    shift: config.use_dynamic_shifting
      ? {
          type: config.time_shift_type,
          baseShift: config.base_shift ?? 0.5,
          maxShift: config.max_shift ?? 1.15,
          baseTokens: config.base_image_seq_len,
          maxTokens: config.max_image_seq_len,
        }
      : { type: 'constant' as const, factor: config.shift },
    /** Last sigma before the final 0; null leaves the schedule as it is. */
    terminal: config.shift_terminal === 0 ? null : (config.shift_terminal ?? null),
  }));
export type SchedulerConfig = z.infer<typeof SchedulerConfig>;
