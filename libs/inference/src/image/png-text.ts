import { crc32 } from 'node:zlib';

const signatureBytes = 8;
/** Length, type, 13 bytes of data and CRC of IHDR, which comes first in every PNG. */
const headerChunkBytes = 4 + 4 + 13 + 4;

/**
 * Adds international text chunks (iTXt, PNG specification 11.3.3.4: UTF-8, here uncompressed) after a PNG's header chunk.
 * Keys are PNG keywords: 1–79 printable Latin-1 characters.
 */
export function withPngText(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const at = signatureBytes + headerChunkBytes;
  return Buffer.concat([png.subarray(0, at), ...Object.entries(texts).map(textChunk), png.subarray(at)]);
}

function textChunk([keyword, text]: [string, string]): Buffer {
  // keyword, NUL, compression flag and method 0, empty language tag, empty translated keyword
  const body = Buffer.concat([Buffer.from(`iTXt${keyword}`, 'latin1'), Buffer.alloc(5), Buffer.from(text, 'utf8')]);
  const chunk = Buffer.alloc(4 + body.length + 4);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}
