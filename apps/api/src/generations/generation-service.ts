import type { Caller } from '@app/common/auth/scopes.js';
import type { GenerationBody } from '@app/common/contracts/generation.js';
import { isTerminal } from '@app/common/contracts/job-states.js';
import type { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { workUnits } from '@app/common/jobs/cost.js';
import type { JobEvents } from '@app/common/jobs/job-events.js';
import type { JobRecord, WebhookTarget } from '@app/common/jobs/job-record.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { requireScope } from '../http/auth.guard.js';
import { fingerprintOf } from './fingerprint.js';
import { putTargets, webhookTarget } from './outgoing-targets.js';
import { modelFor, resolveGeneration } from './resolve-generation.js';

/** Accepts generations, and waits for them. */
export class GenerationService {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly jobs: JobStore,
    private readonly events: JobEvents,
    private readonly policy: {
      caps: { tenantJobs: number; queueJobs: number };
      embedded: boolean;
      gpuSecondsPerDay: number | undefined;
    },
  ) {}

  /** Checks a body against its model and puts the job on the queue. Replayed: the idempotency key stands for the job. */
  async accept(
    caller: Caller,
    body: GenerationBody,
    idempotencyKey: string | undefined,
  ): Promise<{ record: JobRecord; replayed: boolean }> {
    const model = modelFor('text-to-image', body.model, this.catalog);
    const request = resolveGeneration(body, model);
    if (body.priority === 'high') requireScope(caller, 'priority');
    const webhook: WebhookTarget | null = body.webhook ? webhookTarget(body.webhook, this.policy) : null;
    return this.jobs.accept({
      tenant: caller.tenant,
      kind: 'generation',
      model: model.name,
      request,
      priority: body.priority ?? 'normal',
      weight: caller.weight,
      cost: workUnits(request, model.reference_rate),
      metadata: body.metadata ?? {},
      webhook,
      putUrls: putTargets(body.output?.put_urls, request.n, this.policy),
      deadlineAt: body.deadline_s === undefined ? null : Date.now() + Math.round(body.deadline_s * 1000),
      caps: { ...this.policy.caps, tenantJobs: caller.limits.openJobs ?? this.policy.caps.tenantJobs },
      quota: caller.limits.gpuSecondsPerDay ?? this.policy.gpuSecondsPerDay,
      idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprintOf(body) },
    });
  }

  /** The job when it is over, or as it stands when the signal aborts. */
  async settled(record: JobRecord, signal: AbortSignal): Promise<JobRecord> {
    if (isTerminal(record.state)) return record;
    for await (const event of this.events.read(record.id, '0', signal)) {
      if (event.type === 'result') break;
    }
    return (await this.jobs.get(record.id)) ?? record;
  }
}
