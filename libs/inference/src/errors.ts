/** Base of every error this library raises on purpose. `code` is public; `retryable` says whether the same call may succeed later. */
export abstract class InferenceError extends Error {
  abstract readonly code: string;
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

const maxMessageLength = 500;

/** A checkpoint's files are missing, damaged or of a kind that is not supported. */
export class CheckpointError extends InferenceError {
  readonly code = 'checkpoint_invalid';
  readonly retryable = false;

  /**
   * @param file path inside the checkpoint directory
   * @param field dotted path of the config field, or tensor name; null when the whole file is at fault
   */
  constructor(
    readonly file: string,
    readonly field: string | null,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(oneLine(`${file}${field === null ? '' : `: ${field}`}: ${problem}`), options);
  }
}

/** An execution provider was asked for that this build of ONNX Runtime does not have or cannot start. */
export class ExecutionProviderError extends InferenceError {
  readonly code = 'execution_provider_unavailable';
  readonly retryable = false;
}

/** A run needed more memory than the device has left. With less in flight the same request may well succeed. */
export class OutOfMemory extends InferenceError {
  readonly code = 'out_of_memory';
  readonly retryable = true;
}

/** A checkpoint would take more memory than there is; said before it is loaded. With less beside it, it may fit. */
export class MemoryInsufficient extends InferenceError {
  readonly code = 'memory_insufficient';

  constructor(
    message: string,
    /** Whether it would fit if nothing else used the memory. */
    readonly retryable: boolean,
  ) {
    super(message);
  }
}

/** The execution provider has no kernels for the precision, or the precision is not safe. */
export class PrecisionError extends InferenceError {
  readonly code = 'precision_unsupported';
  readonly retryable = false;
}

/** Names come out of the files: they must not break a line, steer a terminal or fill a log. */
function oneLine(message: string): string {
  const line = message.replace(/\p{Cc}+/gu, ' ');
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength - 1)}…` : line;
}
