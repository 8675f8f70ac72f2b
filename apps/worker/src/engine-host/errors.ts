import { ServiceError } from '@app/common/errors.js';
import type { ErrorReport } from './protocol.js';

/** The engine host died while it held this request: a native crash, the kernel's memory killer, or a hang. */
export class EngineCrashed extends ServiceError {
  readonly code = 'engine_crashed';
  override readonly retryable = true;
}

/**
 * The checkpoint cannot be served: the message names the file and the field, or what is lacking. A restart helps where the
 * engine says so: memory that others use now.
 */
export class EngineUnusable extends ServiceError {
  readonly code: string;
  override readonly retryable: boolean;

  constructor(report: ErrorReport) {
    super(report.message);
    this.code = report.code;
    this.retryable = report.retryable;
  }
}

/** Host after host died before its engine was open: for want of memory, most likely. Another machine may do better. */
export class EngineKeepsDying extends ServiceError {
  readonly code = 'engine_keeps_dying';
  override readonly retryable = true;
}

/** The engine refused or failed one request; its neighbours are not affected. */
export class EngineRequestFailed extends ServiceError {
  readonly code: string;
  override readonly retryable: boolean;

  constructor(report: ErrorReport) {
    super(report.message);
    this.code = report.code;
    this.retryable = report.retryable;
  }
}

/** The host was told to close. */
export class EngineClosed extends ServiceError {
  readonly code = 'engine_closed';
  override readonly retryable = true;
}
