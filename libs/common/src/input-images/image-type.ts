import type { InputImageType } from '../contracts/input-image.js';

const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const jpegStart = Buffer.of(0xff, 0xd8, 0xff);

/** The type of a file by its first bytes; null for everything that is not on the list. */
export function imageTypeOf(bytes: Uint8Array): InputImageType | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 12));
  if (start.subarray(0, 8).equals(pngSignature)) return 'png';
  if (start.subarray(0, 3).equals(jpegStart)) return 'jpeg';
  if (start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  return null;
}
