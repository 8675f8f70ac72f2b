import pLimit from 'p-limit';
import { inputImageLimits, uploadIdPattern, type StoredInput } from '@app/common/contracts/input-image.js';
import type { ImageFetcher } from '@app/common/input-images/fetch-image.js';
import { ImageTooLarge, InputRefused } from '@app/common/input-images/input-errors.js';
import type { InputStore } from '@app/common/input-images/input-store.js';
import { normalizeImage } from '@app/common/input-images/normalize-image.js';
import { isProblemCode, Problem } from '../http/problems.js';
import type { InputSource } from './input-source.js';

/** Images that are fetched and decoded at once in a process, and that may wait for it: bounds memory, and the time of each. */
const maxActive = 24;
const maxWaiting = 48;

/** Turns the images that a body names into stored ones, all of them or none. */
export class InputImages {
  private readonly preparing = pLimit(maxActive);

  constructor(
    private readonly store: InputStore,
    private readonly fetcher: ImageFetcher,
  ) {}

  /** Refuses what can be told from the body alone, with the field's name. Throws `image_url_refused`. */
  check(sources: readonly InputSource[]): void {
    for (const { field, text } of sources) {
      if (!isUrl(text)) continue;
      try {
        this.fetcher.check(text);
      } catch (error) {
        throw refusal([{ field, error }]);
      }
    }
  }

  /**
   * Fetches, checks and stores the images; the result is in the order of the sources. Throws a problem that names every bad
   * field, `inputs_busy`, or StorageUnavailable.
   */
  async prepare(tenant: string, sources: readonly InputSource[]): Promise<StoredInput[]> {
    if (this.preparing.pendingCount > maxWaiting) {
      throw new Problem('inputs_busy', undefined, {}, { 'retry-after': '2' });
    }
    const outcomes = await Promise.allSettled(
      sources.map((source) =>
        this.preparing(async () => {
          const image = await normalizeImage(await this.bytesOf(tenant, source.text), source.role);
          return this.store.put(tenant, image);
        }),
      ),
    );
    const failures = outcomes.flatMap((outcome, i) =>
      outcome.status === 'rejected' ? [{ field: sources[i]?.field ?? '', error: outcome.reason as unknown }] : [],
    );
    if (failures.length > 0) throw refusal(failures);
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }

  private async bytesOf(tenant: string, text: string): Promise<Uint8Array> {
    if (isUrl(text)) return this.fetcher.fetch(text);
    if (uploadIdPattern.test(text)) return this.store.upload(tenant, text);
    const base64 = text.slice(text.indexOf(',') + 1);
    const { bytes } = inputImageLimits;
    if ((base64.length * 3) / 4 > bytes + 3) throw new ImageTooLarge(`has more than ${bytes} bytes`);
    return Buffer.from(base64, 'base64');
  }
}

const isUrl = (text: string): boolean => /^https?:/.test(text);

/** The first failure's code, and every bad field; a failure that is no fault of an image goes up as it is. */
function refusal(failures: readonly { field: string; error: unknown }[]): unknown {
  const [first] = failures.map(({ error }) => error);
  const foreign = failures.find(({ error }) => !(error instanceof InputRefused));
  if (foreign || !(first instanceof InputRefused) || !isProblemCode(first.code)) return foreign?.error ?? first;
  const errors = failures.map(({ field, error }) => ({ field, message: (error as InputRefused).message }));
  return new Problem(first.code, errors.map(({ field, message }) => `${field} ${message}`).join('; '), { errors });
}
