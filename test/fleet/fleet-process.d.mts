import type { ChildProcess } from 'node:child_process';

export declare class FleetProcess {
  constructor(entry: string, environment: Record<string, string>);
  readonly child: ChildProcess;
  readonly pid: number;
  readonly log: string;
  /** Started again when it dies. */
  restarts: boolean;
  ready(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}
