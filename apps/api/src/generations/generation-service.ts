import type { Caller } from '@app/common/auth/scopes.js';
import type { GenerationRequest } from '@app/common/contracts/generation.js';
import { isTerminal } from '@app/common/contracts/job-states.js';
import type { Model, ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { workUnits } from '@app/common/jobs/cost.js';
import type { JobEvents } from '@app/common/jobs/job-events.js';
import type { JobRecord, StoredPreview, WebhookTarget } from '@app/common/jobs/job-record.js';
import type { AcceptedJob, Idempotency, JobStore } from '@app/common/jobs/job-store.js';
import { requireScope } from '../http/auth.guard.js';
import type { InputImages } from '../inputs/input-images.js';
import { requestKindOf, sourcesOf, type Ask } from '../inputs/input-source.js';
import { checkBodyBytes } from './check-limits.js';
import { putTargets, webhookTarget } from './outgoing-targets.js';
import { modelFor, resolveGeneration } from './resolve-generation.js';
import { withInputs } from './with-inputs.js';

/** Accepts generations and edits, and waits for them. */
export class GenerationService {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly jobs: JobStore,
    private readonly events: JobEvents,
    private readonly inputs: InputImages,
    private readonly policy: {
      caps: { tenantJobs: number; queueJobs: number };
      embedded: boolean;
      gpuSecondsPerDay: number | undefined;
    },
  ) {}

  /**
   * Checks a body against its model, then its images, and puts the job on the queue: a bad image costs no job, and a body
   * that is sent again is answered without a look at its images.
   */
  async accept(
    caller: Caller,
    ask: Ask,
    idempotency: Idempotency | undefined,
    bodyBytes: number,
  ): Promise<AcceptedJob> {
    const { kind, body } = ask;
    const model = modelFor(requestKindOf(ask), body.model, this.catalog);
    checkBodyBytes(bodyBytes, model);
    const checked = resolveGeneration(body, model, ask.previews);
    if (body.priority === 'high') requireScope(caller, 'priority');
    const webhook: WebhookTarget | null = body.webhook ? webhookTarget(body.webhook, this.policy) : null;
    this.inputs.check(sourcesOf(ask));

    const { tenant, weight } = caller;
    const reserved = await this.jobs.reserve({ tenant, model: model.name, idempotency });
    if ('record' in reserved) return { record: reserved.record, replayed: true, limits: [] };
    const { id } = reserved;
    const request = await this.withInputs(tenant, ask, checked, model).catch(async (error: unknown) => {
      await this.jobs.unreserve({ tenant, id, idempotency });
      throw error;
    });
    return this.jobs.accept({
      id,
      tenant,
      kind,
      model: model.name,
      request,
      priority: body.priority ?? 'normal',
      weight,
      cost: workUnits(request, model.reference_rate),
      metadata: body.metadata ?? {},
      webhook,
      putUrls: putTargets(body.output?.put_urls, request.n, this.policy),
      deadlineAt: body.deadline_s === undefined ? null : Date.now() + Math.round(body.deadline_s * 1000),
      caps: { ...this.policy.caps, tenantJobs: caller.limits.openJobs ?? this.policy.caps.tenantJobs },
      quota: caller.limits.gpuSecondsPerDay ?? this.policy.gpuSecondsPerDay,
      idempotency,
    });
  }

  /** The job when it is over, or as it stands when the signal aborts. `onPreview` is told of previews, one after the other. */
  async settled(
    record: JobRecord,
    signal: AbortSignal,
    onPreview?: (preview: StoredPreview) => Promise<void>,
  ): Promise<JobRecord> {
    if (isTerminal(record.state)) return record;
    for await (const event of this.events.read(record.id, '0', signal)) {
      if (event.type === 'preview') await onPreview?.(event.data);
      if (event.type === 'result') break;
    }
    return (await this.jobs.get(record.id)) ?? record;
  }

  private async withInputs(
    tenant: string,
    ask: Ask,
    request: GenerationRequest,
    model: Model,
  ): Promise<GenerationRequest> {
    const sources = sourcesOf(ask);
    return sources.length === 0 ? request : withInputs(request, ask, await this.inputs.prepare(tenant, sources), model);
  }
}
