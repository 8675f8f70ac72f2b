import { z } from 'zod';
import { settings } from '@app/common/config/settings.js';

const { REDIS_URL, STORAGE_URL, MODELS_FILE, PUBLIC_URL, URL_SIGNING_KEY, LOG_LEVEL, METRICS_PORT, METRICS_HOST } =
  settings;
const { OTEL_EXPORTER_OTLP_ENDPOINT, EXECUTION_PROVIDERS, PRECISION, WEIGHTS, TEXT_ENCODER_PROVIDER } = settings;

/** The worker's environment; read once, in main.ts. */
export const WorkerConfig = z.object({
  REDIS_URL,
  STORAGE_URL,
  MODELS_FILE,
  PUBLIC_URL,
  URL_SIGNING_KEY,
  LOG_LEVEL,
  METRICS_PORT,
  METRICS_HOST,
  OTEL_EXPORTER_OTLP_ENDPOINT,
  /** Name of the catalog's model that this process serves. */
  MODEL: z.string('must name a model of MODELS_FILE'),
  /** Threads of one engine run; without it all cores. */
  THREADS: z.coerce.number().int().min(1).optional(),
  EXECUTION_PROVIDERS,
  PRECISION,
  /** Lets PRECISION be float16, for a checkpoint that is known not to overflow in it. */
  ALLOW_FLOAT16: z.stringbool().default(false),
  WEIGHTS,
  TEXT_ENCODER_PROVIDER,
  /** Most host memory that the engine may take; without it all of the machine's or the container's. */
  HOST_MEMORY_MB: z.coerce.number().int().min(1).optional(),
  /** From SIGTERM to the end: what runs is finished or handed back within it. */
  GRACE_S: z.coerce.number().min(1).default(25),
  /** An engine host that shows no life, or makes no step, for so long hangs, and is killed. Longer than the longest step. */
  ENGINE_HANG_S: z.coerce.number().min(5).default(120),
});
export type WorkerConfig = Readonly<z.infer<typeof WorkerConfig>>;
