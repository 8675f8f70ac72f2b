import type { GenerationRequest } from '../contracts/generation.js';
import type { StoredInput } from '../contracts/input-image.js';

type Work = Pick<GenerationRequest, 'width' | 'height' | 'steps' | 'guidance_scale' | 'n' | 'strength' | 'images'>;

/** One image token covers 16 × 16 px: the VAE's factor 8 times the patch size 2. */
export const tokenSide = 16;
const tokensOf = (width: number, height: number): number =>
  Math.floor(width / tokenSide) * Math.floor(height / tokenSide);

/** A reference image above this area is scaled down to the area of the image that is made (diffusers' omni pipeline). */
const maxReferencePixels = 1024 * 1024;
/** SigLIP2's `max_num_patches`: what the vision encoder adds for each reference image, at most. */
const visionTokens = 256;

/** Guidance runs the transformer a second time, on the negative prompt. */
const guidancePasses = (request: Pick<Work, 'guidance_scale'>): number => (request.guidance_scale > 0 ? 2 : 1);

/** Tokens that one image of the request holds in the engine: image tokens, an edit's reference tokens too, × guidance passes. */
export function tokensPerImage(request: Omit<Work, 'steps' | 'n' | 'strength'>): number {
  const { width, height, images = [] } = request;
  const references = images.map((image) => referenceTokens(image, width * height));
  return (tokensOf(width, height) + sum(references)) * guidancePasses(request);
}

function referenceTokens({ width, height }: StoredInput, targetPixels: number): number {
  const pixels = width * height;
  const scale = pixels > maxReferencePixels ? Math.sqrt(targetPixels / pixels) : 1;
  return tokensOf(width * scale, height * scale) + visionTokens;
}

/** Steps that run: all of them, or those that `strength` leaves of an image (diffusers' `get_timesteps`). */
export function stepsToRun({ steps, strength = 1 }: Pick<Work, 'steps' | 'strength'>): number {
  return steps - Math.floor(Math.max(steps - Math.min(steps * strength, steps), 0));
}

/**
 * Work units ≈ GPU-seconds of a request: tokens × steps that run, of all its images, over the model's `reference_rate`. From
 * the request alone, so that all processes agree.
 */
export const workUnits = (request: Work, referenceRate: number): number =>
  (tokensPerImage(request) * stepsToRun(request) * request.n) / referenceRate;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
