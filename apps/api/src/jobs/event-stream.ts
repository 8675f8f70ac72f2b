import type { Response } from 'express';
import { isTerminal } from '@app/common/contracts/job-states.js';
import type { JobEvent, JobEvents } from '@app/common/jobs/job-events.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { untilClosed } from '../http/client-signal.js';
import { serverSentEvents } from '../http/server-sent-events.js';
import type { JobDocuments } from './job-documents.js';

/** Before every id of a job's Redis stream. */
const beforeAll = '0-0';

/** A job's events as Server-Sent Events: `state`, `progress`, `preview`, and at last `result`, which carries the job document. */
export class EventStream {
  constructor(
    private readonly jobs: JobStore,
    private readonly events: JobEvents,
    private readonly documents: JobDocuments,
  ) {}

  /**
   * Writes events until the job's result, or until the client goes. `lastEventId` is the last one the client has; a client
   * that has the result gets 204, which tells an EventSource to stop.
   */
  async write(record: JobRecord, lastEventId: string | undefined, response: Response): Promise<void> {
    const after = lastEventId !== undefined && /^\d{1,15}-\d{1,10}$/.test(lastEventId) ? lastEventId : undefined;
    if (after !== undefined && hasResult(record, after)) {
      response.status(204).end();
      return;
    }
    await serverSentEvents(response, async (send) => {
      // The stream in Redis begins at the job's first start; that it was queued is known from the document.
      if (after === undefined) send({ id: beforeAll, type: 'state', data: { state: 'queued' } });
      for await (const event of this.events.read(record.id, after ?? beforeAll, untilClosed(response))) {
        send({ id: event.id, type: event.type, data: await this.dataOf(event, record) });
      }
    });
  }

  private async dataOf(event: JobEvent, record: JobRecord): Promise<unknown> {
    if (event.type === 'result') return this.documents.of((await this.jobs.get(record.id)) ?? record);
    return event.type === 'preview' ? this.documents.preview(event.data) : event.data;
  }
}

/** The result is the last event, written with the terminal state, and a stream's ids begin with their time. */
const hasResult = (record: JobRecord, lastEventId: string): boolean =>
  isTerminal(record.state) && record.finishedAt !== null && Number(lastEventId.split('-')[0]) >= record.finishedAt;
