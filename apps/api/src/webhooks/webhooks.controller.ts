import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Caller } from '@app/common/auth/scopes.js';
import { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ApiProblems, bodyProblems } from '../http/openapi-problems.js';

const WebhookSecret = z.object({ secret: z.string() }).meta({ id: 'WebhookSecret' });

const PublicKeys = z
  .object({ public_keys: z.array(z.string()).describe('`whpk_…`: the current one, then one that was rotated out') })
  .meta({ id: 'WebhookPublicKeys' });

const dayS = 86_400;
const Rotation = z.strictObject({
  overlap_s: z
    .int()
    .min(0)
    .max(7 * dayS)
    .default(dayS)
    .describe('How long the old keys sign as well'),
});
const RotatedSecret = z
  .object({ secret: z.string(), public_key: z.string(), previous_valid_until: z.iso.datetime() })
  .meta({ id: 'RotatedWebhookSecret' });

const EndpointList = z
  .object({ disabled: z.array(z.object({ url: z.string(), disabled_at: z.iso.datetime() })) })
  .meta({ id: 'WebhookEndpointList' });
const Endpoint = z.strictObject({ url: z.url().max(2048) }).meta({ examples: [{ url: 'https://example.com/hook' }] });

@ApiTags('webhooks')
@Controller('v1')
export class WebhooksController {
  constructor(
    private readonly secrets: WebhookSecrets,
    private readonly endpoints: DisabledEndpoints,
  ) {}

  @Get('webhook-secret')
  @RequireScope('generate')
  @ApiOperation({ operationId: 'getWebhookSecret', summary: "What signs the tenant's webhooks (Standard Webhooks)" })
  @ApiResponse({ status: 200, description: 'The secret', standardSchema: WebhookSecret })
  async secret(@CallerOf() caller: Caller): Promise<z.infer<typeof WebhookSecret>> {
    return { secret: await this.secrets.current(caller.tenant) };
  }

  @Post('webhook-secret/rotate')
  @HttpCode(200)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'rotateWebhookSecret', summary: 'New signing keys; the old ones sign too for a while' })
  @ApiBody({ required: false })
  @ApiResponse({ status: 200, description: 'The new secret and public key', standardSchema: RotatedSecret })
  @ApiProblems(...bodyProblems, 'validation_failed')
  async rotate(
    @Body({ schema: Rotation }) { overlap_s }: z.infer<typeof Rotation>,
    @CallerOf() caller: Caller,
  ): Promise<z.infer<typeof RotatedSecret>> {
    const { secret, publicKey, previousUntil } = await this.secrets.rotate(caller.tenant, overlap_s * 1000);
    return { secret, public_key: publicKey, previous_valid_until: previousUntil.toISOString() };
  }

  @Get('webhook-public-keys')
  @RequireScope('read')
  @ApiOperation({ operationId: 'getWebhookPublicKeys', summary: 'What verifies the ed25519 signatures (v1a)' })
  @ApiResponse({ status: 200, description: 'The keys that are good now', standardSchema: PublicKeys })
  async publicKeys(@CallerOf() caller: Caller): Promise<z.infer<typeof PublicKeys>> {
    return { public_keys: await this.secrets.publicKeys(caller.tenant) };
  }

  @Get('webhook-endpoints')
  @RequireScope('read')
  @ApiOperation({ operationId: 'listWebhookEndpoints', summary: 'Endpoints that answered 410 and get nothing more' })
  @ApiResponse({ status: 200, description: 'The disabled endpoints', standardSchema: EndpointList })
  async disabled(@CallerOf() caller: Caller): Promise<z.infer<typeof EndpointList>> {
    const disabled = await this.endpoints.list(caller.tenant);
    return { disabled: disabled.map(({ url, at }) => ({ url, disabled_at: new Date(at).toISOString() })) };
  }

  @Post('webhook-endpoints/enable')
  @HttpCode(200)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'enableWebhookEndpoint', summary: 'Send to an endpoint again' })
  @ApiResponse({ status: 200, description: 'The endpoints still disabled', standardSchema: EndpointList })
  @ApiProblems(...bodyProblems, 'validation_failed')
  async enable(
    @Body({ schema: Endpoint }) { url }: z.infer<typeof Endpoint>,
    @CallerOf() caller: Caller,
  ): Promise<z.infer<typeof EndpointList>> {
    await this.endpoints.enable(caller.tenant, url);
    return this.disabled(caller);
  }
}
