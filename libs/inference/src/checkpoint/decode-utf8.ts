import { CheckpointError } from '../errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Text that is UTF-8 throughout: replacement characters would make other names of those in the file.
 * @param label the file's path inside the checkpoint
 * @throws CheckpointError naming the file
 */
export function decodeUtf8(bytes: Uint8Array, label: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CheckpointError(label, null, 'not UTF-8', { cause });
  }
}
