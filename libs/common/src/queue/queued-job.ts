import { z } from 'zod';

/** The one version that this build reads and writes. Raised when a worker of the build before could not run such a job. */
export const queuedJobVersion = 1;

/** What BullMQ carries of a job: the way to its document. */
export const QueuedJob = z.object({
  version: z.literal(queuedJobVersion),
  id: z.string(),
  /** Start tag of the fair queue, in places. */
  tag: z.number(),
  /** Added to `attemptsStarted` to make the fence: what earlier BullMQ jobs of the same id have used up. */
  fenceBase: z.number(),
});
export type QueuedJob = z.infer<typeof QueuedJob>;

/** What is wrong with a payload, for people; null when nothing is. */
export function payloadFault(data: unknown): string | null {
  if (QueuedJob.safeParse(data).success) return null;
  const version = (data as { version?: unknown } | null)?.version;
  return typeof version === 'number' && version !== queuedJobVersion
    ? `its payload has version ${version}, this worker reads ${queuedJobVersion}`
    : 'its payload is damaged';
}
