import { stepsToRun } from './cost.js';
import type { JobOutcome, JobRecord, OutputCopy } from './job-record.js';
import { webhookEvents } from '../contracts/job-states.js';

/** What the caller of `accept` decides; the script adds the time and what the fair queue needs. Counters begin at zero, and absent. */
export type AcceptedFields = Pick<
  JobRecord,
  | 'id'
  | 'tenant'
  | 'kind'
  | 'model'
  | 'request'
  | 'priority'
  | 'cost'
  | 'metadata'
  | 'webhook'
  | 'putUrls'
  | 'deadlineAt'
> & {
  ttlMs: number;
  quota?: number | undefined;
  traceparent: string | undefined;
};

/** Fields and values for HSET. An absent field is null. */
export function encodeAccepted(fields: AcceptedFields): string[] {
  const { webhook, request, traceparent, putUrls, deadlineAt } = fields;
  return [
    ['id', fields.id],
    ['state', 'queued'],
    ['tenant', fields.tenant],
    ['cost', String(fields.cost)],
    ['kind', fields.kind],
    ['model', fields.model],
    ['request', JSON.stringify(request)],
    ['priority', fields.priority],
    ['metadata', JSON.stringify(fields.metadata)],
    ['steps', String(stepsToRun(request) * request.n)],
    ['ttlMs', String(fields.ttlMs)],
    ...(deadlineAt === null ? [] : [['deadlineAt', String(deadlineAt)] as const]),
    ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ...(fields.quota === undefined ? [] : [['metered', '1'] as const]),
    ...(putUrls.length > 0 ? [['putUrls', JSON.stringify(putUrls)] as const] : []),
    ...(webhook ? [['webhookUrl', webhook.url] as const, ['webhookEvents', webhook.events.join(' ')] as const] : []),
  ].flat();
}

/** The field that the sender writes how the copy of an image went to. */
export const copyField = (index: number): string => `copy:${index}`;
const pendingCopy: OutputCopy = { state: 'pending', status: null, error: null };

export function encodeOutcome(outcome: JobOutcome): string[] {
  const fields: [string, string | undefined][] = [
    ['images', outcome.images && JSON.stringify(outcome.images)],
    ['error', outcome.error && JSON.stringify(outcome.error)],
    ['computeMs', outcome.computeMs?.toString()],
    ['uploadMs', outcome.uploadMs?.toString()],
    ['batch', outcome.batch && JSON.stringify(outcome.batch)],
  ];
  return fields.flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
}

/** Reads the hash that the scripts wrote, as HGETALL gives it; null for a job that is not there. */
export function decodeJob(flat: readonly string[]): JobRecord | null {
  if (flat.length === 0) return null;
  const hash = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) hash.set(flat[i] ?? '', flat[i + 1] ?? '');

  const text = (field: string): string => hash.get(field) ?? '';
  const number = (field: string): number => Number(text(field));
  const numberOrNull = (field: string): number | null => (hash.has(field) ? number(field) : null);
  const json = (field: string): unknown => (hash.has(field) ? JSON.parse(text(field)) : null);
  const putUrls = (json('putUrls') ?? []) as string[];
  return {
    id: text('id'),
    tenant: text('tenant'),
    kind: text('kind') as JobRecord['kind'],
    model: text('model'),
    state: text('state') as JobRecord['state'],
    request: json('request') as JobRecord['request'],
    priority: text('priority') as JobRecord['priority'],
    cost: number('cost'),
    metadata: json('metadata') as JobRecord['metadata'],
    webhook: hash.has('webhookUrl')
      ? {
          url: text('webhookUrl'),
          events: webhookEvents.filter((event) => text('webhookEvents').split(' ').includes(event)),
        }
      : null,
    putUrls,
    copies: putUrls.map((_, index) => (json(copyField(index)) as OutputCopy | null) ?? pendingCopy),
    deadlineAt: numberOrNull('deadlineAt'),
    createdAt: number('createdAt'),
    startedAt: numberOrNull('startedAt'),
    finishedAt: numberOrNull('finishedAt'),
    progress: { step: number('step'), steps: number('steps') },
    images: (json('images') as JobRecord['images'] | null) ?? [],
    error: json('error') as JobRecord['error'],
    timings: {
      queueMs: numberOrNull('queueMs'),
      computeMs: numberOrNull('computeMs'),
      uploadMs: numberOrNull('uploadMs'),
    },
    batch: json('batch') as JobRecord['batch'],
    attempts: number('attempts'),
    crashes: number('crashes'),
    worker: hash.get('worker') ?? null,
    fence: number('fence'),
    cancelRequested: hash.has('cancelRequestedAt'),
    traceparent: hash.get('traceparent') ?? null,
  };
}
