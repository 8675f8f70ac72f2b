import type { StoredInput } from '@app/common/contracts/input-image.js';
import type { InputStore } from '@app/common/input-images/input-store.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ImageSource } from '@app/inference';
import { InputMissing } from './run-errors.js';
import { withPatience } from './storage-patience.js';

/** Reads the images that a job is made from. */
export class JobInputs {
  constructor(private readonly store: InputStore) {}

  /** What the engine starts from; undefined for a job that is made from its prompt alone. Throws {@link InputMissing} or StorageUnavailable. */
  async sourceOf({ tenant, request }: JobRecord, signal: AbortSignal): Promise<ImageSource | undefined> {
    const read = (field: string, input: StoredInput): Promise<Uint8Array> => this.read(tenant, field, input, signal);
    const { image, mask, images, strength = 1 } = request;
    if (images) {
      const references = images.map((input, i) => read(`images[${i}]`, input));
      return { kind: 'edit', images: await Promise.all(references) };
    }
    if (!image) return undefined;
    const [imageBytes, maskBytes] = await Promise.all([read('image', image), mask && read('mask', mask)]);
    return maskBytes
      ? { kind: 'inpaint', image: imageBytes, mask: maskBytes, strength }
      : { kind: 'image-to-image', image: imageBytes, strength };
  }

  private async read(tenant: string, field: string, input: StoredInput, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await withPatience(() => this.store.get(tenant, input), signal);
    if (!bytes) throw new InputMissing(`${field}: the input image was deleted before the job ran`);
    return bytes;
  }
}
