import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Caller } from '@app/common/auth/scopes.js';
import { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { deliveryAttempts } from '@app/common/webhooks/retry-schedule.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ApiProblems, bodyProblems } from '../http/openapi-problems.js';
import { Problem } from '../http/problems.js';
import { TenantJobs } from '../jobs/tenant-jobs.js';
import { DeadLetterList, Delivery, DeliveryList, toDeadLetterList, toDeliveryList } from './delivery-list.js';

const DeadLetterQuery = z.strictObject({
  limit: z.coerce.number('must be a number').int('must be whole').min(1).max(100).default(20),
});

@ApiTags('webhooks')
@Controller('v1')
export class DeliveriesController {
  constructor(
    private readonly jobs: TenantJobs,
    private readonly log: DeliveryLog,
    private readonly deadLetters: DeadLetters,
    private readonly queue: DeliveryQueue,
  ) {}

  @Get('jobs/:id/deliveries')
  @RequireScope('read')
  @ApiOperation({ operationId: 'listDeliveries', summary: "The attempts to deliver a job's webhooks and copies" })
  @ApiResponse({ status: 200, description: 'The attempts, oldest first', standardSchema: DeliveryList })
  @ApiProblems('job_not_found')
  async deliveries(@Param('id') id: string, @CallerOf() caller: Caller): Promise<DeliveryList> {
    await this.jobs.get(caller, id);
    return toDeliveryList(await this.log.list(id));
  }

  @Post('jobs/:id/deliveries/:delivery/replay')
  @HttpCode(202)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'replayDelivery', summary: 'Send a webhook or a copy again, now, under the same id' })
  @ApiResponse({ status: 202, description: 'What is sent again', standardSchema: Delivery })
  @ApiProblems('job_not_found', 'delivery_not_found', ...bodyProblems)
  async replay(
    @Param('id') id: string,
    @Param('delivery') delivery: string,
    @CallerOf() caller: Caller,
  ): Promise<Delivery> {
    await this.jobs.get(caller, id);
    const attempt = (await this.log.list(id)).findLast((logged) => logged.id === delivery);
    if (!attempt) throw new Problem('delivery_not_found');
    await this.queue.sendNow(attempt, deliveryAttempts);
    return { id: attempt.id, event: attempt.event, index: attempt.index };
  }

  @Get('dead-letters')
  @RequireScope('read')
  @ApiOperation({ operationId: 'listDeadLetters', summary: 'Webhooks and copies that were given up, newest first' })
  @ApiResponse({ status: 200, description: 'Those of the last 30 days', standardSchema: DeadLetterList })
  @ApiProblems('validation_failed')
  async dead(
    @Query({ schema: DeadLetterQuery }) { limit }: z.infer<typeof DeadLetterQuery>,
    @CallerOf() caller: Caller,
  ): Promise<DeadLetterList> {
    return toDeadLetterList(await this.deadLetters.list(caller.tenant, limit));
  }
}
