/**
 * Base of every failure that has a meaning outside its function. One subclass per outcome; `code` is public and stable
 * (docs/api.md lists them), `retryable` tells whether the same call may succeed later. HTTP statuses belong to the API,
 * queue terms to the queue layer.
 */
export abstract class ServiceError extends Error {
  abstract readonly code: string;
  readonly retryable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
