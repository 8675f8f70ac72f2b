import { ServiceError } from '@app/common/errors.js';

/** The client cancelled the job. */
export class JobCanceled extends ServiceError {
  readonly code = 'canceled';
}

/** The job's deadline passed while it ran. */
export class DeadlinePassed extends ServiceError {
  readonly code = 'expired';
}

/** The queue's lock on the job is gone: another worker may run it by now. */
export class LockLost extends ServiceError {
  readonly code = 'lock_lost';
  override readonly retryable = true;
}

/** This worker shuts down before the job is done. */
export class WorkerDraining extends ServiceError {
  readonly code = 'worker_draining';
  override readonly retryable = true;
}

/** `start` was refused: the document is terminal, or another fetch owns it. */
export class StartRefused extends ServiceError {
  readonly code = 'start_refused';

  constructor(readonly state: string) {
    super(`the job cannot start: it is ${state}`);
  }
}

/** An input image is not in the storage any more. */
export class InputMissing extends ServiceError {
  readonly code = 'input_missing';
}
