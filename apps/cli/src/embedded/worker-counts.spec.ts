import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { parseWorkers } from './worker-counts.js';

const catalog = ModelCatalog.read(fileURLToPath(new URL('../../../../models/catalog.json', import.meta.url)));

describe('parseWorkers', () => {
  it('starts one worker for each model without a list', () => {
    expect(parseWorkers(undefined, catalog)).toEqual(['z-image-nano-turbo', 'z-image-nano', 'z-image-nano-edit']);
  });

  it('reads counts; a bare name is one', () => {
    expect(parseWorkers('z-image-nano-turbo=2,z-image-nano', catalog)).toEqual([
      'z-image-nano-turbo',
      'z-image-nano-turbo',
      'z-image-nano',
    ]);
    expect(parseWorkers('z-image-nano=0', catalog)).toEqual([]);
  });

  it('names what it does not know', () => {
    expect(() => parseWorkers('sdxl=1', catalog)).toThrow(
      'there is no model "sdxl"; the catalog has z-image-nano-turbo',
    );
    expect(() => parseWorkers('z-image-nano=many', catalog)).toThrow('"z-image-nano=many" is not MODEL=N');
    expect(() => parseWorkers('z-image-nano=17', catalog)).toThrow('0 to 16');
  });
});
