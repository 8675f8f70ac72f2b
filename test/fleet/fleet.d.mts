import type { Redis } from 'ioredis';
import type { RedisServer } from '../../apps/cli/src/embedded/redis-server.js';
import type { JobDocument } from '../../libs/common/src/jobs/job-document.js';
import type { FleetProcess } from './fleet-process.mjs';

export declare const fleetModel: string;

export interface FleetOptions {
  workers?: number;
  /** Relative to the repository; the instant engine's unless given. */
  workerEntry?: string;
  /** Image tokens × guidance passes in flight in one worker. */
  tokenBudget?: number;
  appendfsync?: 'always' | 'everysec';
  storageUrl?: string;
  /** Lists the objects of another storage than the default one, a job's or all. */
  objectsOf?: (id: string) => Promise<string[]>;
  /** What the processes get for the address of the real Redis. */
  redisUrlOf?: (url: string) => string | Promise<string>;
  environment?: Record<string, string>;
  /** What a process of this entry point gets besides. */
  environmentOf?: (entry: string) => Record<string, string>;
}

/** Fields of the job's hash, as strings. */
export type HashDocument = Record<string, string>;

export declare class Fleet {
  static start(options?: FleetOptions): Promise<Fleet>;
  readonly url: string;
  readonly key: string;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  readonly redis: Redis;
  readonly redisServer: RedisServer;
  readonly api: FleetProcess;
  readonly sender: FleetProcess;
  readonly workers: FleetProcess[];
  startRedis(port?: number): Promise<RedisServer>;
  killRedis(awayMs: number): Promise<void>;
  addWorker(options?: { entry?: string; environment?: Record<string, string> }): Promise<FleetProcess>;
  newKey(tenant: string, scopes?: string[]): Promise<{ key: string }>;
  post(body: object, options?: { key?: string; headers?: Record<string, string> }): Promise<Response>;
  generate(body: object, options?: { key?: string; headers?: Record<string, string> }): Promise<JobDocument>;
  get(path: string, key?: string): Promise<Response>;
  cancel(id: string): Promise<Response>;
  document(id: string): Promise<HashDocument>;
  until(id: string, wanted: (document: HashDocument) => boolean, timeoutMs?: number): Promise<HashDocument>;
  finished(id: string, timeoutMs?: number): Promise<HashDocument>;
  objects(id?: string): string[] | Promise<string[]>;
  log(): string;
  stop(): Promise<void>;
}
