import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { KeyStore } from '@app/common/auth/key-store.js';
import type { Caller, Scope } from '@app/common/auth/scopes.js';
import type { LimitState } from '@app/common/limits/limit-reached.js';
import { RequestRate } from '@app/common/limits/request-rate.js';
import { Problem } from './problems.js';
import { tellLimits } from './rate-limit-fields.js';

const scopeMetadata = 'required-scope';
const callers = new WeakMap<Request, Caller>();

/** The scope that a route asks for. Without it a route is public. */
export const RequireScope = (scope: Scope): MethodDecorator =>
  applyDecorators(SetMetadata(scopeMetadata, scope), ApiExtension('x-required-scope', scope));

/** The caller of a route with {@link RequireScope}. */
export const CallerOf = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<Request>());
  if (!caller) throw new Error('the route asks for a caller and for no scope');
  return caller;
});

/** Requests a minute of tenants whose key has no limit of its own; null is none. */
export class DefaultRequestRate {
  constructor(readonly perMinute: number | null) {}
}

/** Finds out who calls, by `Authorization: Bearer zq_…`, and whether the key may, and at this rate. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly keys: KeyStore,
    private readonly rate: RequestRate,
    private readonly defaults: DefaultRequestRate,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.get<Scope | undefined>(scopeMetadata, context.getHandler());
    if (scope === undefined) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw unauthenticated(true);
    // Redis is asked about the key and, for whom it was last time, the rate at once: a round trip less before each answer.
    const known = this.keys.recall(key);
    const counted = known && this.count(known);
    counted?.catch(() => undefined);
    const caller = await this.keys.authenticate(key);
    if (!caller) throw unauthenticated(false);
    const limits = await (counted && caller === known ? counted : this.count(caller));
    tellLimits(context.switchToHttp().getResponse<Response>(), limits);
    requireScope(caller, scope);
    callers.set(request, caller);
    return true;
  }

  /** How the rate of the caller's tenant stands with this request; nothing where there is no limit. */
  private async count({ tenant, limits }: Caller): Promise<LimitState[]> {
    const perMinute = limits.requestsPerMinute ?? this.defaults.perMinute;
    return perMinute === null ? [] : [await this.rate.take(tenant, perMinute)];
  }
}

/** Throws 403 with the scope's name. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new Problem('scope_missing', `the API key lacks the scope ${scope}`, { scope });
}

function unauthenticated(keyMissing: boolean): Problem {
  const challenge = keyMissing ? 'Bearer realm="zimage-queue"' : 'Bearer realm="zimage-queue", error="invalid_token"';
  const detail = keyMissing ? 'send Authorization: Bearer <API key>' : 'the API key is unknown or revoked';
  return new Problem('unauthenticated', detail, {}, { 'www-authenticate': challenge });
}
