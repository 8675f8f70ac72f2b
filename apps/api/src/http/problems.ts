import { z } from 'zod';

/** The closed list of what may go wrong for a client (docs/api.md explains each). Clients switch on the code. */
export const problems = {
  invalid_json: { status: 400, title: 'The body is not JSON' },
  malformed_request: { status: 400, title: 'The request is not well-formed HTTP' },
  invalid_multipart: { status: 400, title: 'The body is not a complete form' },
  unauthenticated: { status: 401, title: 'A valid API key is needed' },
  scope_missing: { status: 403, title: 'The API key lacks a scope' },
  file_url_refused: { status: 403, title: 'The file URL is expired or was not signed here' },
  not_found: { status: 404, title: 'There is nothing under this path' },
  job_not_found: { status: 404, title: 'There is no such job' },
  delivery_not_found: { status: 404, title: 'The job has no such delivery' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  idempotency_in_flight: { status: 409, title: 'The first request with this Idempotency-Key is still being answered' },
  job_canceled: { status: 409, title: 'The job was canceled' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is of a type that this route does not take' },
  image_type_unsupported: { status: 415, title: 'An input image is neither PNG nor JPEG nor WebP' },
  expectation_failed: { status: 417, title: 'The request expects what the service does not do' },
  validation_failed: { status: 422, title: 'The request has invalid fields' },
  model_unknown: { status: 422, title: 'No model has this name' },
  kind_not_served: { status: 422, title: 'The model does not make this kind of image' },
  limit_exceeded: { status: 422, title: 'The request is outside a limit of the model' },
  image_invalid: { status: 422, title: 'An input image is damaged or animated' },
  image_too_large: { status: 422, title: 'An input image has too many bytes or pixels' },
  image_url_refused: { status: 422, title: 'Images cannot be fetched from this URL' },
  image_unreachable: { status: 422, title: 'An input image could not be fetched' },
  upload_not_found: { status: 422, title: 'There is no such upload' },
  webhook_url_refused: { status: 422, title: 'Webhooks cannot be sent to this URL' },
  put_url_refused: { status: 422, title: 'Images cannot be copied to this URL' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used with another body' },
  rate_limited: { status: 429, title: 'Too many requests' },
  quota_exceeded: { status: 429, title: 'The GPU-seconds of this day are used up' },
  tenant_limit_reached: { status: 429, title: 'Too many open jobs' },
  queue_full: { status: 429, title: 'The queue of the model is full' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal_error: { status: 500, title: 'The service failed' },
  job_failed: { status: 500, title: 'The job failed' },
  inputs_busy: { status: 503, title: 'Too many input images are being read' },
  redis_unavailable: { status: 503, title: 'The service is not available now' },
  storage_unavailable: { status: 503, title: 'The object storage is not available now' },
  job_expired: { status: 504, title: 'The job met its deadline' },
  job_unfinished: { status: 504, title: 'The job is not over yet' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;
const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];
export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

/** A problem document (RFC 9457), as clients get it. */
export const ProblemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    limit: z.string().optional().describe('The limit of GET /v1/models that the request is outside of'),
    bound: z.number().optional().describe('The value of that limit'),
    models: z.array(z.string()).optional().describe('The models there are, or that serve the kind of request'),
    scope: z.string().optional().describe('The scope that the key lacks'),
  })
  .meta({ id: 'Problem' });
export type ProblemDocument = z.infer<typeof ProblemDocument>;

type ProblemDetails = Pick<ProblemDocument, 'errors' | 'limit' | 'bound' | 'models' | 'scope'>;

/** Ends a request with a problem document. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    detail?: string,
    private readonly details: ProblemDetails = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? problems[code].title);
    this.name = 'Problem';
    this.status = problems[code].status;
  }

  /** Names nothing of the request, so that another tenant's job and an unknown one read the same. */
  get document(): ProblemDocument {
    const { code, status, message: detail } = this;
    return {
      type: `urn:zimage-queue:problem:${code}`,
      title: problems[code].title,
      status,
      code,
      detail,
      ...this.details,
    };
  }
}

/** A problem with one field, or one header. */
export const fieldProblem = (code: ProblemCode, field: string, message: string): Problem =>
  new Problem(code, `${field}: ${message}`, { errors: [{ field, message }] });

/** A wrong field. */
export const invalidField = (field: string, message: string): Problem =>
  fieldProblem('validation_failed', field, message);
