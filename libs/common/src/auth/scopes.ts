/** What a key may do. `priority` allows priority `high`; `admin` shows the installation, not other tenants' jobs. */
export const scopes = ['generate', 'read', 'admin', 'priority'] as const;
export type Scope = (typeof scopes)[number];

/** Who is calling, as its API key says. */
export interface Caller {
  keyId: string;
  tenant: string;
  scopes: readonly Scope[];
  /** Share of the workers among tenants; 1 is usual. */
  weight: number;
}
