import sharp from 'sharp';
import type { GenerationRequest } from '../contracts/generation.js';

type Finished = Pick<GenerationRequest, 'width' | 'height' | 'output'>;

/** A preview (JPEG, at most 512 px on a side) as the finished image will be: in its size and format. */
export function convertPreview(jpeg: Uint8Array, { width, height, output }: Finished): Promise<Buffer> {
  const { format, quality } = output;
  return sharp(jpeg)
    .resize(width, height, { fit: 'fill' })
    .toFormat(format, quality === undefined || format === 'png' ? {} : { quality })
    .toBuffer();
}
