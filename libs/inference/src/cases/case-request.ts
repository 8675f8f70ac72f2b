import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InferenceError } from '../errors.js';
import type { ImageSource } from '../pipelines/image-source.js';

/** A case folder cannot be run; the message names the file and the field. */
export class CaseError extends InferenceError {
  readonly code = 'case_invalid';
  readonly retryable = false;
}

/** Pixels; the published transformer's position tables end there. */
const side = z.int().positive().max(8192);

const pipelines = ['text-to-image', 'image-to-image', 'inpaint', 'omni-edit'] as const;

/**
 * A request in the form of request.json (test/golden/README.md). What the file holds to compare with (sigmas, timesteps and
 * the like) is not read.
 */
const CaseFields = z
  .object({
    pipeline: z.enum(pipelines, { error: ({ input }) => `${String(input)} is not supported yet` }),
    prompts: z.array(z.string()).min(1),
    negative_prompt: z.union([z.string(), z.array(z.string())]).nullish(),
    /** Both absent: those of an edit's last image. */
    width: side.optional(),
    height: side.optional(),
    steps: z.int().positive().max(1000),
    strength: z.number().min(0).max(1).optional(),
    guidance_scale: z.number().nonnegative(),
    cfg_normalization: z.union([z.boolean(), z.number()]).nullish(),
    cfg_truncation: z.number().nullish(),
    seed: z.union([z.int(), z.bigint()]),
  })
  .refine(({ prompts, negative_prompt: negative }) => !Array.isArray(negative) || negative.length === prompts.length, {
    path: ['negative_prompt'],
    error: 'must have one entry for each prompt',
  })
  .refine(({ width, height }) => (width === undefined) === (height === undefined), {
    path: ['width'],
    error: 'must be given together with height',
  })
  .refine(({ pipeline, width }) => pipeline === 'omni-edit' || width !== undefined, {
    path: ['width'],
    error: 'missing',
  })
  .refine(
    ({ pipeline, strength }) => pipeline === 'text-to-image' || pipeline === 'omni-edit' || strength !== undefined,
    {
      path: ['strength'],
      error: 'missing',
    },
  );
/** The fields, and the images of the folder. */
export type CaseRequest = z.infer<typeof CaseFields> & { source?: ImageSource };

/** @throws CaseError naming the field */
export function parseCaseRequest(value: unknown, source: string): CaseRequest {
  const parsed = CaseFields.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the request'}: ${message}`,
  );
  throw new CaseError(`${source}: ${faults.join('; ')}`);
}

/** Reads a case folder: request.json, and input.png, input1.png … and mask.png where its pipeline takes them. */
export function readCase(folder: string): CaseRequest {
  const file = join(folder, 'request.json');
  const text = readCaseFile(file).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CaseError(`${file}: not JSON`, { cause });
  }
  const request = parseCaseRequest(withExactSeed(value, text), file);
  const source = sourceOf(request, folder);
  return source ? { ...request, source } : request;
}

function sourceOf({ pipeline, strength = 1 }: CaseRequest, folder: string): ImageSource | undefined {
  const read = (name: string): Uint8Array => readCaseFile(join(folder, name));
  if (pipeline === 'text-to-image') return undefined;
  if (pipeline === 'omni-edit') return { kind: 'edit', images: inputNames(folder).map(read) };
  const image = read('input.png');
  return pipeline === 'inpaint'
    ? { kind: pipeline, image, mask: read('mask.png'), strength }
    : { kind: pipeline, image, strength };
}

/** input.png, input1.png and so on, up to the first that is not there: diffusers' omni pipeline takes any number, none too. */
function inputNames(folder: string): string[] {
  const names: string[] = [];
  for (let name = 'input.png'; existsSync(join(folder, name)); name = `input${names.length}.png`) names.push(name);
  return names;
}

function readCaseFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CaseError(`${file}: missing or unreadable`, { cause });
  }
}

/** JSON.parse rounds integers beyond 2^53, and a 64-bit seed counts by its low 32 bits: take it from the text. */
function withExactSeed(value: unknown, text: string): unknown {
  const literal = /"seed"\s*:\s*(-?\d+)\s*[,}]/.exec(text)?.[1];
  if (literal === undefined || Number.isSafeInteger(Number(literal))) return value;
  return { ...(value as object), seed: BigInt(literal) };
}
