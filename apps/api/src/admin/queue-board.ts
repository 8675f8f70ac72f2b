import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';
import type { KeyStore } from '@app/common/auth/key-store.js';
import { deliveryQueueName, deliveryQueuePrefix, jobQueueName, queuePrefix } from '@app/common/queue/queue-names.js';
import { requireScope } from '../http/auth.guard.js';
import { Problem } from '../http/problems.js';

export const queueBoardPath = '/admin/queues';

/**
 * Bull Board on the queues of all models and of deliveries, to look at only: its buttons would go round the jobs' state machine.
 * For keys with the scope admin, as a bearer or, so that a browser can, as the password of Basic authentication.
 */
export class QueueBoard {
  private readonly queues: Queue[] = [];
  private board: RequestHandler | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly keys: KeyStore,
    private readonly models: readonly string[],
  ) {}

  handle(request: Request, response: Response, next: NextFunction): void {
    this.admit(request).then(() => {
      // Opened late: a queue that is made while Redis is away refuses every call for good.
      this.board ??= this.open();
      this.board(request, response, next);
    }, next);
  }

  async close(): Promise<void> {
    for (const queue of this.queues) await queue.close();
  }

  private async admit(request: Request): Promise<void> {
    const key = keyOf(request.headers.authorization ?? '');
    const caller = key === undefined ? null : await this.keys.authenticate(key);
    if (!caller)
      throw new Problem('unauthenticated', undefined, {}, { 'www-authenticate': 'Basic realm="zimage-queue"' });
    requireScope(caller, 'admin');
  }

  private open(): RequestHandler {
    const serverAdapter = new ExpressAdapter().setBasePath(queueBoardPath);
    const queues = [
      ...this.models.map((model) => this.adapterOf(jobQueueName, queuePrefix(model), `${model}-`)),
      this.adapterOf(deliveryQueueName, deliveryQueuePrefix, ''),
    ];
    createBullBoard({ queues, serverAdapter });
    return serverAdapter.getRouter() as RequestHandler;
  }

  /** `shownPrefix` tells the queues of models apart, which all have one name. */
  private adapterOf(name: string, prefix: string, shownPrefix: string): BullMQAdapter {
    const queue = new Queue(name, { connection: this.redis, prefix, skipMetasUpdate: true });
    queue.on('error', () => undefined);
    this.queues.push(queue);
    return new BullMQAdapter(queue, { readOnlyMode: true, prefix: shownPrefix });
  }
}

function keyOf(authorization: string): string | undefined {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return scheme === '' ? undefined : credentials;
  return Buffer.from(credentials, 'base64').toString().split(':')[1];
}
