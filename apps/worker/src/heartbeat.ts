import { reportEveryMs, type WorkerRegistry, type WorkerReport } from '@app/common/workers/worker-registry.js';
import type { Admission } from './jobs/admission.js';

/** Tells the registry every few seconds that this worker lives, and how busy it is. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private state: WorkerReport['state'] = 'serving';

  constructor(
    private readonly registry: Pick<WorkerRegistry, 'report' | 'remove'>,
    private readonly worker: Omit<WorkerReport, 'state' | 'tokensInFlight' | 'tokenBudget'>,
    private readonly load: Pick<Admission, 'tokensInFlight' | 'budget'>,
  ) {}

  start(): void {
    this.beat();
    this.timer = setInterval(() => this.beat(), reportEveryMs);
  }

  draining(): void {
    this.state = 'draining';
    this.beat();
  }

  /** Not waited for: while Redis is away the report simply ends. */
  stop(): void {
    clearInterval(this.timer);
    this.registry.remove(this.worker).catch(() => undefined);
  }

  private beat(): void {
    const { tokensInFlight, budget: tokenBudget } = this.load;
    const report = { ...this.worker, state: this.state, tokensInFlight, tokenBudget };
    this.registry.report(report).catch(() => undefined);
  }
}
