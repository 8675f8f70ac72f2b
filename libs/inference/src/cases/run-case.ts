import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Batcher } from '../batcher/batcher.js';
import { writeSafetensors } from '../checkpoint/write-safetensors.js';
import type { CheckpointOptions } from '../engine-types.js';
import { samplesPerCall } from '../engine.js';
import { encodeImage } from '../image/encode-image.js';
import { openPipeline } from '../open-pipeline.js';
import type { Draws } from '../pipelines/draws.js';
import type { ImagePipeline } from '../pipelines/image-pipeline.js';
import type { PipelineRequest } from '../pipelines/pipeline-request.js';
import { Tensor } from '../tensor/tensor.js';
import { CaseError, type CaseRequest } from './case-request.js';
import { RecordedPipeline, type RecordedResult } from './recorded-pipeline.js';

/**
 * Runs one case in this process, its prompts in one batch, and writes into `out`: image.png, image1.png … and
 * tensors.safetensors with `initial_latents` or `noise{i}`, `prompt_embeds{i}`, `negative_prompt_embeds{i}` (an edit's parts one behind the other), `siglip_hidden{i}`, `velocity0` and `latents`, laid
 * out as in test/golden/README.md.
 * @returns the paths written
 * @throws CheckpointError, UnsupportedSize, UnsupportedStrength, UnsupportedSource, InputImageError
 */
export async function runCase(options: CheckpointOptions & { request: CaseRequest; out: string }): Promise<string[]> {
  const { request, out, ...checkpointOptions } = options;
  mkdirSync(out, { recursive: true });
  const opened = await openPipeline(checkpointOptions);
  try {
    const requests = await imageRequests(request, opened.pipeline);
    for (const each of requests) opened.pipeline.check(each);
    const batcher = new Batcher(new RecordedPipeline(opened.pipeline), {
      tokenBudget: Infinity,
      tokensPerCall: Infinity,
      samplesPerCall,
      finishesAtOnce: opened.pipeline.finishesAtOnce,
    });
    const runs = await Promise.all(requests.map((each) => batcher.run(each))).finally(() => batcher.close());
    return await write(
      out,
      runs.map(({ result }) => result),
    );
  } finally {
    await opened.close();
  }
}

/** One request an image; their noise is drawn together. */
async function imageRequests(request: CaseRequest, pipeline: ImagePipeline): Promise<PipelineRequest[]> {
  const { prompts, negative_prompt: negative, width, height, steps, seed } = request;
  const given = width !== undefined && height !== undefined ? { width, height } : null;
  const { source, size } = await pipeline.read(request.source, given);
  if (!size) throw new CaseError('width and height: missing, and there is no image that says them');
  return prompts.map((prompt, index) => ({
    prompt,
    negativePrompt: (Array.isArray(negative) ? negative[index] : negative) ?? null,
    source,
    ...size,
    steps,
    guidance: {
      scale: request.guidance_scale,
      normalization: Number(request.cfg_normalization ?? 0),
      truncation: request.cfg_truncation ?? 1,
    },
    noise: { seed, index, count: prompts.length },
  }));
}

async function write(out: string, results: readonly RecordedResult[]): Promise<string[]> {
  const tensorFile = join(out, 'tensors.safetensors');
  writeSafetensors(tensorFile, tensorsOf(results));
  const images = await Promise.all(
    results.map(async ({ image }, i) => {
      const file = join(out, `image${i === 0 ? '' : i}.png`);
      writeFileSync(file, await encodeImage(image, { format: 'png' }));
      return file;
    }),
  );
  return [...images, tensorFile];
}

function tensorsOf(results: readonly RecordedResult[]): Record<string, Tensor> {
  const negatives = results.flatMap(({ embeds }) => (embeds.negative ? [Tensor.concat(embeds.negative)] : []));
  // Of the guided pairs all positive halves come first.
  const halves = [0, 1].flatMap((half) => results.flatMap(({ firstVelocities }) => firstVelocities[half] ?? []));
  return {
    ...drawnTensors(results.map(({ draws }) => draws)),
    ...numbered(
      'prompt_embeds',
      results.map(({ embeds }) => Tensor.concat(embeds.positive)),
    ),
    ...numbered('negative_prompt_embeds', negatives),
    ...numbered(
      'siglip_hidden',
      (results[0]?.references ?? []).map(({ vision: { hidden } }) => hidden.reshape([1, ...hidden.dims])),
    ),
    velocity0: Tensor.stack(halves),
    latents: Tensor.stack(results.map(({ latents }) => latents)),
  };
}

/** What the images drew for the posteriors they share, once; their noise, stacked. */
function drawnTensors(draws: readonly Draws[]): Record<string, Tensor> {
  const [first] = draws;
  const noise = Tensor.stack(draws.map((each) => each.noise));
  if (!first?.posterior) return { initial_latents: noise };
  const shared = (drawn: Tensor | null) => (drawn ? [drawn.reshape([1, ...drawn.dims])] : []);
  return numbered('noise', [...shared(first.posterior), noise, ...shared(first.maskedPosterior)]);
}

const numbered = (name: string, tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((tensor, i) => [`${name}${i}`, tensor]));
