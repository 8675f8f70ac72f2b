const outageReplies = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|BUSY)\b/;
const outageMessages = [
  "Stream isn't writeable",
  'Command timed out',
  'Connection is closed',
  'Reached the max retries per request',
  'All sentinels are unreachable',
  'None of startup nodes is available',
];
const outageCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];

/** Whether an error says that Redis cannot serve now: no connection, no answer in time, or no writes at the moment. */
export function isRedisOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    outageCodes.includes(code) ||
    outageReplies.test(error.message) ||
    outageMessages.some((message) => error.message.includes(message))
  );
}
