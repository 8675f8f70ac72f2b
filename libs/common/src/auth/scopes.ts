/**
 * What a key may do. `priority` allows priority `high`; `admin` shows the installation, not other tenants' jobs;
 * `metrics` a model's backlog alone, for autoscalers.
 */
export const scopes = ['generate', 'read', 'admin', 'priority', 'metrics'] as const;
export type Scope = (typeof scopes)[number];

/** What a key has of its own; absent is the installation's default. Counts are the tenant's, over all its keys. */
export interface KeyLimits {
  requestsPerMinute?: number | undefined;
  gpuSecondsPerDay?: number | undefined;
  /** Of one model. */
  openJobs?: number | undefined;
}

/** Who is calling, as its API key says. */
export interface Caller {
  keyId: string;
  tenant: string;
  scopes: readonly Scope[];
  /** Share of the workers among tenants; 1 is usual. */
  weight: number;
  limits: KeyLimits;
}
