import { JobScript } from './job-script.js';

/**
 * The end of a run. A guard on the state alone would accept the late result of a worker that was stopped and resumed, so
 * the fence decides. A deadline bounds the finish: what succeeds after it is expired.
 *
 * ARGV: fence, terminal state, then the outcome's fields and values. Returns 1, or 0 when refused.
 */
export const commit = new JobScript(`
if not runsUnder(ARGV[1]) then return 0 end
if ARGV[2] == 'succeeded' and doc.deadlineAt and tonumber(doc.deadlineAt) <= now then
  finish('expired')
  return 0
end
finish(ARGV[2], unpack(ARGV, 3))
return 1
`);
