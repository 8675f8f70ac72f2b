import { nvidiaCapacity, type CheckpointSummary } from '@app/inference';
import type { DoctorConfig } from './doctor.config.js';
import { fail, ok, warn, type Finding } from './finding.js';

type Plan = Pick<DoctorConfig, 'EXECUTION_PROVIDERS' | 'PRECISION' | 'WEIGHTS' | 'TEXT_ENCODER_PROVIDER'>;

/** What is free now, in bytes; undefined where nothing tells. */
export interface FreeMemory {
  host: number;
  accelerator: number | undefined;
}

/** The memory of one worker for each checkpoint, each on a GPU of its own, against what is free. */
export async function checkMemory(summaries: readonly CheckpointSummary[], plan: Plan): Promise<Finding[]> {
  const accelerator = plan.EXECUTION_PROVIDERS[0] === 'cpu' ? undefined : (await nvidiaCapacity())?.free;
  return judgeMemory(summaries, plan, { host: process.availableMemory(), accelerator });
}

function judgeMemory(summaries: readonly CheckpointSummary[], plan: Plan, free: FreeMemory): Finding[] {
  const needs = summaries.map(({ memory }) => memory.find((estimate) => isPlanned(estimate, plan)));
  const known = needs.filter((estimate) => estimate !== undefined);
  if (known.length === 0) return [];
  const host = known.reduce((sum, { hostBytes }) => sum + hostBytes, 0);
  const accelerator = Math.max(...known.map(({ acceleratorBytes }) => acceleratorBytes));
  const findings = [judge('memory', host, free.host, 'a worker with WEIGHTS=stored takes less; so do fewer models')];
  if (accelerator > 0) {
    const mend = 'TEXT_ENCODER_PROVIDER=cpu takes the text encoder out of it; a smaller token_budget helps little';
    findings.push(judge('memory gpu', accelerator, free.accelerator, mend));
  }
  return findings;
}

type Estimate = CheckpointSummary['memory'][number];

/** Precision left out means the provider's own, which is the first listed. */
const isPlanned = (estimate: Estimate, plan: Plan): boolean =>
  estimate.executionProviders[0] === plan.EXECUTION_PROVIDERS[0] &&
  (plan.PRECISION === undefined || estimate.precision === plan.PRECISION) &&
  estimate.weights === plan.WEIGHTS &&
  estimate.textEncoderProvider === plan.TEXT_ENCODER_PROVIDER;

function judge(check: string, needBytes: number, freeBytes: number | undefined, mend: string): Finding {
  const need = `about ${gibibytes(needBytes)} needed`;
  if (freeBytes === undefined)
    return warn(check, `${need}; nvidia-smi does not say what is free`, 'put it on the path');
  const message = `${need}, ${gibibytes(freeBytes)} free`;
  return needBytes <= freeBytes ? ok(check, message) : fail(check, message, mend);
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
