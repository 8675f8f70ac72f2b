/** What one check found. */
export interface Finding {
  /** What was looked at: `redis policy`. */
  check: string;
  status: 'ok' | 'warn' | 'fail';
  message: string;
  /** How to mend it; of everything that is not ok. */
  mend?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });
/** Works, but not as it should in production. */
export const warn = (check: string, message: string, mend: string): Finding => ({
  check,
  status: 'warn',
  message,
  mend,
});
/** The service does not work, or loses something, as long as it is so. */
export const fail = (check: string, message: string, mend: string): Finding => ({
  check,
  status: 'fail',
  message,
  mend,
});

/** What an error says, with the cause that adapters put below it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' && !error.message.includes(cause.message)
    ? `${error.message} (${cause.message})`
    : error.message;
}
