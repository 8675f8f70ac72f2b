import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { isTerminal } from '@app/common/contracts/job-states.js';
import type { JobDocument } from '@app/common/jobs/job-document.js';
import { bodyBytesOf } from '../http/body-bytes.js';
import { untilClosed } from '../http/client-signal.js';
import { tellLimits } from '../http/rate-limit-fields.js';
import type { Ask } from '../inputs/input-source.js';
import type { JobDocuments } from '../jobs/job-documents.js';
import { fingerprintOf } from './fingerprint.js';
import type { GenerationService } from './generation-service.js';
import { checkIdempotencyKey } from './idempotency-key.js';
import { preferredWaitSeconds } from './prefer.js';

/** What `POST /v1/generations` and `POST /v1/edits` have in common: the way from a parsed body to the answer. */
export class AcceptedJobs {
  constructor(
    private readonly generations: GenerationService,
    private readonly documents: JobDocuments,
  ) {}

  /** 202 with the job; 200 with the finished one when it ends within `Prefer: wait=N`. Throws problems. */
  async accept(
    ask: Ask,
    caller: Caller,
    headers: { idempotencyKey: string | undefined; prefer: string | undefined },
    response: Response,
  ): Promise<JobDocument> {
    const { idempotencyKey: key, prefer } = headers;
    checkIdempotencyKey(key);
    const fingerprint = fingerprintOf([ask.kind, ask.body]);
    const claim = key === undefined ? undefined : { key, fingerprint };
    const accepted = await this.generations.accept(caller, ask, claim, bodyBytesOf(response.req));
    response.location(`/v1/jobs/${accepted.record.id}`);
    tellLimits(response, accepted.limits);
    if (accepted.replayed) response.set('idempotent-replayed', 'true');

    const waitSeconds = preferredWaitSeconds(prefer);
    if (waitSeconds === 0) return this.documents.of(accepted.record);
    const signal = AbortSignal.any([untilClosed(response), AbortSignal.timeout(waitSeconds * 1000)]);
    const record = await this.generations.settled(accepted.record, signal);
    response.set('preference-applied', `wait=${waitSeconds}`);
    if (isTerminal(record.state)) response.status(200);
    return this.documents.of(record);
  }
}
