import { reportEveryMs, type WorkerRegistry, type WorkerReport } from '@app/common/workers/worker-registry.js';

/** What changes between two reports. */
type Readings = Pick<WorkerReport, 'engineDeaths' | 'lastEngineDeath' | 'tokensInFlight' | 'tokenBudget'> & {
  /** False while the engine is being opened. */
  isOpen: boolean;
};

/** Tells the registry every few seconds that this worker lives, in what state, and how busy it is. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private isDraining = false;

  constructor(
    private readonly registry: Pick<WorkerRegistry, 'report' | 'remove'>,
    private readonly worker: Omit<WorkerReport, 'state' | Exclude<keyof Readings, 'isOpen'>>,
    private readonly read: () => Readings,
  ) {}

  start(): void {
    this.beat();
    this.timer = setInterval(() => this.beat(), reportEveryMs);
  }

  draining(): void {
    this.isDraining = true;
    this.beat();
  }

  /** Not waited for: while Redis is away the report simply ends. */
  stop(): void {
    clearInterval(this.timer);
    this.registry.remove(this.worker).catch(() => undefined);
  }

  /** At once, when what is reported has changed. */
  beat(): void {
    const { isOpen, ...readings } = this.read();
    const state = this.isDraining ? 'draining' : isOpen ? 'serving' : 'opening';
    this.registry.report({ ...this.worker, state, ...readings }).catch(() => undefined);
  }
}
