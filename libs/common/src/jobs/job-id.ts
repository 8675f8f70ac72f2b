import { monotonicFactory } from 'ulid';

/** `job_<ULID>_<model>`: ids sort by creation, and the model names the Redis slot that holds the job. */
export const jobIdPattern = /^job_[0-9A-HJKMNP-TV-Z]{26}_([a-z0-9][a-z0-9.-]{0,62})$/;

/** Rises even within a millisecond, so that one process' jobs keep their order. */
const nextUlid = monotonicFactory();

export const newJobId = (model: string, now = Date.now()): string => `job_${nextUlid(now)}_${model}`;

/** The model of a job id, or null for what is no job id at all. */
export const modelOfJob = (id: string): string | null => jobIdPattern.exec(id)?.[1] ?? null;
