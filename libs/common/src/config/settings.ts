import { z } from 'zod';

const schemeOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');

export const redisUrl = z
  .string()
  .refine((url) => ['redis:', 'rediss:'].includes(schemeOf(url)), 'must be a redis:// or rediss:// URL');

/** Environment variables that several processes share: name, meaning and default in one place. */
export const settings = {
  REDIS_URL: redisUrl.default('redis://127.0.0.1:6379'),
  /** `file:///dir` or `s3://bucket?endpoint=…&region=…&forcePathStyle=1`. */
  STORAGE_URL: z
    .string('must be set: file:///dir or s3://bucket?endpoint=…')
    .refine((url) => ['file:', 's3:'].includes(schemeOf(url)), 'must be a file:// or s3:// URL'),
  /** The catalog of models; API and workers read the same file. */
  MODELS_FILE: z.string().default('models/catalog.json'),
  /** Where clients reach the API; signed file URLs begin with it. */
  PUBLIC_URL: z.url('must be a URL').transform((url) => url.replace(/\/+$/, '')),
  /** HMAC key of signed file URLs, the same in every process. */
  URL_SIGNING_KEY: z.string('must be set').min(32, 'must have at least 32 characters'),
  /** Only `embedded` lets webhooks point at loopback addresses. */
  ZIMAGE_MODE: z.enum(['production', 'embedded']).default('production'),
  /** OTLP/HTTP collector of traces, e.g. http://collector:4318; without it nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url('must be a URL').optional(),
  /** Port of /metrics, /healthz and /readyz in a process that serves nothing else; without it there are none. */
  METRICS_PORT: z.coerce.number('must be a port').int().min(0).max(65_535).optional(),
  /** Address of METRICS_PORT. */
  METRICS_HOST: z.string().default('0.0.0.0'),
  /** ONNX Runtime's, in order of preference, e.g. `cuda,cpu`. */
  EXECUTION_PROVIDERS: z
    .string()
    .default('cpu')
    .transform((list) => list.split(',').map((name) => name.trim())),
  /** What the transformer computes in; without it the first provider's own. */
  PRECISION: z.enum(['float32', 'bfloat16', 'float16', 'int8']).optional(),
  /** `stored`: a CPU leaves the weights in their files, and casts each when it is used. */
  WEIGHTS: z.enum(['computed', 'stored']).default('computed'),
  /** `cpu` keeps the text encoder out of the GPU's memory; without it it runs where the rest does. */
  TEXT_ENCODER_PROVIDER: z.literal('cpu', 'must be cpu, or not set').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
};
