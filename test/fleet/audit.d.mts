import type { Fleet } from './fleet.mjs';

export interface Audit {
  jobs: number;
  lost: number;
  duplicated: number;
  stuck: number;
  states: Record<string, number>;
}

export interface TimedEvent {
  atMs: number;
  type: string;
  data: Record<string, unknown>;
}

export declare function auditFleet(fleet: Fleet, ids: readonly string[], timeoutMs?: number): Promise<Audit>;
export declare function eventsOf(fleet: Fleet, id: string): Promise<TimedEvent[]>;
export declare function firstEndAfter(fleet: Fleet, ids: readonly string[], sinceMs: number): Promise<number>;
export declare function jobsOf(fleet: Fleet, pid: number): Promise<string[]>;
export declare function restartsAfter(fleet: Fleet, ids: readonly string[], sinceMs: number): Promise<number[]>;
export declare function recoveriesAfter(
  fleet: Fleet,
  kills: readonly { ids: string[]; atMs: number }[],
): Promise<number[]>;
