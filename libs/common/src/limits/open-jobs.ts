import type { LimitState } from './limit-reached.js';

/** How many of the jobs that a tenant may have open on a model are left. An open job ends some time: 5 s is a guess. */
export const openJobsLimit = (maxJobs: number, openJobs: number): LimitState => ({
  policy: 'open-jobs',
  unit: 'jobs',
  quota: maxJobs,
  windowS: null,
  remaining: Math.max(0, maxJobs - openJobs),
  resetS: 5,
});
