import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Caller } from '@app/common/auth/scopes.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ApiProblems } from '../http/openapi.js';
import { TenantJobs } from '../jobs/tenant-jobs.js';
import { DeliveryList, toDeliveryList } from './delivery-list.js';

const WebhookSecret = z.object({ secret: z.string() }).meta({ id: 'WebhookSecret' });

@ApiTags('webhooks')
@Controller('v1')
export class WebhooksController {
  constructor(
    private readonly jobs: TenantJobs,
    private readonly log: DeliveryLog,
    private readonly secrets: WebhookSecrets,
  ) {}

  @Get('jobs/:id/deliveries')
  @RequireScope('read')
  @ApiOperation({ operationId: 'listDeliveries', summary: "The attempts to deliver a job's webhooks" })
  @ApiResponse({ status: 200, description: 'The attempts, oldest first', standardSchema: DeliveryList })
  @ApiProblems(401, 403, 404, 503)
  async deliveries(@Param('id') id: string, @CallerOf() caller: Caller): Promise<DeliveryList> {
    await this.jobs.get(caller, id);
    return toDeliveryList(await this.log.list(id));
  }

  @Get('webhook-secret')
  @RequireScope('generate')
  @ApiOperation({ operationId: 'getWebhookSecret', summary: "What signs the tenant's webhooks (Standard Webhooks)" })
  @ApiResponse({ status: 200, description: 'The secret', standardSchema: WebhookSecret })
  @ApiProblems(401, 403, 503)
  async secret(@CallerOf() caller: Caller): Promise<z.infer<typeof WebhookSecret>> {
    return { secret: await this.secrets.current(caller.tenant) };
  }
}
