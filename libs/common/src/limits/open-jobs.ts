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

/** The model has as many open jobs, of all tenants, as it may. Ten seconds is a guess as well. */
export const queueLimit = (maxJobs: number): LimitState => ({
  policy: 'queue',
  unit: 'jobs',
  quota: maxJobs,
  windowS: null,
  remaining: 0,
  resetS: 10,
});
