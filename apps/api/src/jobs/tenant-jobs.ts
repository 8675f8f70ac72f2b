import type { Caller } from '@app/common/auth/scopes.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { JobPage, JobQuery } from '@app/common/jobs/job-list.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { Problem } from '../http/problems.js';

/** The jobs that a caller may see: its tenant's. Any other id reads as unknown. */
export class TenantJobs {
  constructor(private readonly jobs: JobStore) {}

  /** Throws `job_not_found`. */
  async get(caller: Caller, id: string): Promise<JobRecord> {
    const record = await this.jobs.get(id);
    if (record?.tenant !== caller.tenant) throw new Problem('job_not_found');
    return record;
  }

  list(caller: Caller, query: Omit<JobQuery, 'tenant'>): Promise<JobPage> {
    return this.jobs.list({ ...query, tenant: caller.tenant });
  }

  /** Throws `job_not_found`. A job that is over stays as it is. */
  async cancel(caller: Caller, id: string): Promise<JobRecord> {
    await this.get(caller, id);
    const record = await this.jobs.cancel(id);
    if (!record) throw new Problem('job_not_found');
    return record;
  }
}
