import { z } from 'zod';
import { parseConfig } from '@app/common/config/parse-config.js';
import { settings } from '@app/common/config/settings.js';

const { REDIS_URL, STORAGE_URL, MODELS_FILE, URL_SIGNING_KEY, ZIMAGE_MODE, OTEL_EXPORTER_OTLP_ENDPOINT, LOG_LEVEL } =
  settings;

const Environment = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number('must be a port').int().min(0).max(65_535).default(3000),
    REDIS_URL,
    STORAGE_URL,
    MODELS_FILE,
    /** Default: the address that the API listens on. */
    PUBLIC_URL: settings.PUBLIC_URL.optional(),
    URL_SIGNING_KEY,
    ZIMAGE_MODE,
    OTEL_EXPORTER_OTLP_ENDPOINT,
    LOG_LEVEL,
    TENANT_MAX_OPEN_JOBS: z.coerce.number('must be a number').int().positive().default(10_000),
    TENANT_REQUESTS_PER_MINUTE: z.coerce.number('must be a number').int().positive().optional(),
    TENANT_GPU_SECONDS_PER_DAY: z.coerce.number('must be a number').positive().optional(),
    /** How long job documents stay after their end. */
    JOB_TTL_S: z.coerce.number('must be seconds').int().min(60).max(31_536_000).default(604_800),
    QUEUE_MAX_JOBS: z.coerce.number('must be a number').int().positive().default(100_000),
    /** From a request's first byte to its last. */
    REQUEST_TIMEOUT_S: z.coerce.number('must be seconds').int().min(1).max(3_600).default(120),
    /** Default: a minute less than OpenAI's clients wait. */
    OPENAI_WAIT_S: z.coerce.number('must be seconds').int().min(1).max(3_600).default(540),
    RESULT_URL_TTL_S: z.coerce.number('must be seconds').int().min(1).max(604_800).default(900),
  })
  .transform((env) => ({
    host: env.HOST,
    port: env.PORT,
    redisUrl: env.REDIS_URL,
    storageUrl: env.STORAGE_URL,
    modelsFile: env.MODELS_FILE,
    publicUrl: env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`,
    urlSigningKey: env.URL_SIGNING_KEY,
    mode: env.ZIMAGE_MODE,
    traceEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: env.LOG_LEVEL,
    /** Open jobs of a model: of one tenant, and in all. */
    caps: Object.freeze({ tenantJobs: env.TENANT_MAX_OPEN_JOBS, queueJobs: env.QUEUE_MAX_JOBS }),
    /** Of keys that have none of their own. Whoever runs the embedded mode has the machine alone. */
    requestsPerMinute: env.TENANT_REQUESTS_PER_MINUTE ?? (env.ZIMAGE_MODE === 'embedded' ? null : 6_000),
    gpuSecondsPerDay: env.TENANT_GPU_SECONDS_PER_DAY,
    jobTtlMs: env.JOB_TTL_S * 1000,
    requestTimeoutMs: env.REQUEST_TIMEOUT_S * 1000,
    openAiWaitSeconds: env.OPENAI_WAIT_S,
    resultUrlTtlSeconds: env.RESULT_URL_TTL_S,
  }));

export type ApiConfig = Readonly<z.output<typeof Environment>>;

/** The API's settings from the environment. Throws ConfigError with every fault. */
export const readApiConfig = (environment: NodeJS.ProcessEnv): ApiConfig => parseConfig(Environment, environment);
