import { z } from 'zod';
import { redisUrl, settings } from '@app/common/config/settings.js';

const { STORAGE_URL, MODELS_FILE, PUBLIC_URL, URL_SIGNING_KEY } = settings;
const { EXECUTION_PROVIDERS, PRECISION, WEIGHTS, TEXT_ENCODER_PROVIDER } = settings;

/** The environment that the doctor looks at: that of the processes, of which the embedded mode needs nothing. */
export const DoctorConfig = z.object({
  /** Without it the embedded mode is meant, which starts a Redis of its own. */
  REDIS_URL: redisUrl.optional(),
  /** Without it the embedded mode is meant, which keeps images in its data folder. */
  STORAGE_URL: STORAGE_URL.optional(),
  PUBLIC_URL: PUBLIC_URL.optional(),
  URL_SIGNING_KEY: URL_SIGNING_KEY.optional(),
  MODELS_FILE,
  /** One model of MODELS_FILE; without it all of them. */
  MODEL: z.string().optional(),
  EXECUTION_PROVIDERS,
  PRECISION,
  WEIGHTS,
  TEXT_ENCODER_PROVIDER,
});
export type DoctorConfig = Readonly<z.infer<typeof DoctorConfig>>;
