import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InferenceError } from '../errors.js';

/** A case folder cannot be run; the message names the file and the field. */
export class CaseError extends InferenceError {
  readonly code = 'case_invalid';
  readonly retryable = false;
}

/** Pixels; the published transformer's position tables end there. */
const side = z.int().positive().max(8192);

/**
 * A text-to-image request in the form of request.json (test/golden/README.md). What the file holds to compare with (sigmas,
 * timesteps and the like) is not read.
 */
export const CaseRequest = z
  .object({
    pipeline: z
      .string()
      .refine((name) => name === 'text-to-image', { error: ({ input }) => `${String(input)} is not supported yet` }),
    prompts: z.array(z.string()).min(1),
    negative_prompt: z.union([z.string(), z.array(z.string())]).nullish(),
    width: side,
    height: side,
    steps: z.int().positive().max(1000),
    guidance_scale: z.number().nonnegative(),
    cfg_normalization: z.union([z.boolean(), z.number()]).nullish(),
    cfg_truncation: z.number().nullish(),
    seed: z.union([z.int(), z.bigint()]),
  })
  .refine(({ prompts, negative_prompt: negative }) => !Array.isArray(negative) || negative.length === prompts.length, {
    path: ['negative_prompt'],
    error: 'must have one entry for each prompt',
  });
export type CaseRequest = z.infer<typeof CaseRequest>;

/** @throws CaseError naming the field */
export function parseCaseRequest(value: unknown, source: string): CaseRequest {
  const parsed = CaseRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the request'}: ${message}`,
  );
  throw new CaseError(`${source}: ${faults.join('; ')}`);
}

/** Reads request.json of a case folder. */
export function readCase(folder: string): CaseRequest {
  const file = join(folder, 'request.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CaseError(`${file}: missing or unreadable`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CaseError(`${file}: not JSON`, { cause });
  }
  return parseCaseRequest(withExactSeed(value, text), file);
}

/** JSON.parse rounds integers beyond 2^53, and a 64-bit seed counts by its low 32 bits: take it from the text. */
function withExactSeed(value: unknown, text: string): unknown {
  const literal = /"seed"\s*:\s*(-?\d+)\s*[,}]/.exec(text)?.[1];
  if (literal === undefined || Number.isSafeInteger(Number(literal))) return value;
  return { ...(value as object), seed: BigInt(literal) };
}
