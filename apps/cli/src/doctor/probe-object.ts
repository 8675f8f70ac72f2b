import { createHash } from 'node:crypto';

/** What the doctor writes into a storage. */
export const probeBody = Buffer.from('zimage doctor was here\n');
export const probeInfo = {
  contentType: 'text/plain',
  sha256: createHash('sha256').update(probeBody).digest('hex'),
};
