import type { GenerationRequest } from '../contracts/generation.js';

type Work = Pick<GenerationRequest, 'width' | 'height' | 'steps' | 'guidance_scale' | 'n'>;

/** One image token covers 16 × 16 px: the VAE's factor 8 times the patch size 2. */
const tokenSide = 16;

/** Guidance runs the transformer a second time, on the negative prompt. */
export const guidancePasses = (request: Pick<Work, 'guidance_scale'>): number => (request.guidance_scale > 0 ? 2 : 1);

/** Tokens that one image of the request holds in the engine: image tokens × guidance passes. */
export const tokensPerImage = (request: Omit<Work, 'steps' | 'n'>): number =>
  (request.width / tokenSide) * (request.height / tokenSide) * guidancePasses(request);

/**
 * Work units ≈ GPU-seconds of a request: image tokens × steps × guidance passes of all its images over the model's
 * `reference_rate`. From the request alone, so that all processes agree.
 */
export const workUnits = (request: Work, referenceRate: number): number =>
  (tokensPerImage(request) * request.steps * request.n) / referenceRate;
