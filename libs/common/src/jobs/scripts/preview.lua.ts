import { JobScript } from './job-script.js';

/** ARGV: fence, index, step, width, height, key. Returns 1, or 0 when the fetch does not own the job. */
export const preview = new JobScript(`
if not runsUnder(ARGV[1]) then return 0 end
emit('preview', {
  index = tonumber(ARGV[2]),
  step = tonumber(ARGV[3]),
  width = tonumber(ARGV[4]),
  height = tonumber(ARGV[5]),
  key = ARGV[6],
})
return 1
`);
