import { describe, expect, it } from '@jest/globals';
import { publishedConfigs } from '../../../../test/support/published-configs.js';
import { MemoryInsufficient } from '../errors.js';
import { checkMemory } from './check-memory.js';
import type { MemoryCapacity } from './memory-capacity.js';

const GiB = 2 ** 30;
const load = { tokenBudget: 4096, samplesPerCall: 4 };

/** Free memory in GiB; all of it is free where `total` is not given. */
const capacity = (host: number, accelerator: number | null, total = { host, accelerator }): MemoryCapacity => ({
  host: { free: host * GiB, total: total.host * GiB },
  accelerator: accelerator === null ? null : { free: accelerator * GiB, total: (total.accelerator ?? 0) * GiB },
});

function refusalOf(
  options: Parameters<typeof checkMemory>[1],
  memory: MemoryCapacity,
  limits = load,
): MemoryInsufficient {
  try {
    checkMemory(publishedConfigs, options, limits, memory);
  } catch (error) {
    if (error instanceof MemoryInsufficient) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('checkMemory of the published 6B model', () => {
  it('lets pass what fits', () => {
    expect(() => checkMemory(publishedConfigs, {}, load, capacity(48, null))).not.toThrow();
    expect(() => checkMemory(publishedConfigs, { executionProviders: ['cuda'] }, load, capacity(16, 24))).not.toThrow();
  });

  it('lets pass what nothing is known about', () => {
    expect(() =>
      checkMemory(publishedConfigs, { executionProviders: ['cuda'] }, load, capacity(16, null)),
    ).not.toThrow();
  });

  it('refuses a GPU that is too small, with the figures of each component and what would fit', () => {
    const { message, code, retryable } = refusalOf({ executionProviders: ['cuda', 'cpu'] }, capacity(64, 16));
    expect({ code, retryable }).toEqual({ code: 'memory_insufficient', retryable: false });
    expect(message).toMatch(
      /^about 2\d\.\d\d GiB of GPU memory are needed \(text encoder 7\.\d\d GiB, transformer 11\.\d\d GiB, /,
    );
    expect(message).toContain('16.00 GiB are free of 16.00 GiB');
    expect(message).toMatch(/would fit: textEncoderProvider cpu \(host 1\d\.\d\d GiB, GPU 1\d\.\d\d GiB\)/);
  });

  it('offers the text encoder a host only in the form that it has room for', () => {
    const { message } = refusalOf({ executionProviders: ['cuda', 'cpu'] }, capacity(8, 16));
    expect(message).not.toContain('textEncoderProvider cpu (');
    expect(message).toMatch(/textEncoderProvider cpu with weights stored \(host 0\.\d\d GiB, GPU 1\d\.\d\d GiB\)/);
  });

  it('offers weights that stay in their files, whatever the precision', () => {
    const offer = /would fit: weights stored, in float32 \(host 6\.\d\d GiB\)/;
    expect(refusalOf({}, capacity(16, null)).message).toMatch(offer);
    expect(refusalOf({ precision: 'int8' }, capacity(16, null)).message).toMatch(offer);
    expect(refusalOf({ weights: 'stored' }, capacity(2, null)).message).not.toContain('weights stored');
    expect(() => checkMemory(publishedConfigs, { weights: 'stored' }, load, capacity(16, null))).not.toThrow();
  });

  it('offers bfloat16 in place of float32, and a smaller token budget', () => {
    const options = { executionProviders: ['cuda'], precision: 'float32' as const };
    expect(refusalOf(options, capacity(8, 24)).message).toContain('; precision bfloat16 (host');
    const images = { tokenBudget: 16_384, samplesPerCall: 4 };
    expect(refusalOf({}, capacity(36, null), images).message).toContain('a token budget of 1024 (host');
  });

  it('refuses a host that is too small, and says when nothing helps', () => {
    const { message, retryable } = refusalOf({}, capacity(2, null));
    expect(message).toContain('of host memory are needed');
    expect(message).toContain('no option makes it fit');
    expect(retryable).toBe(false);
  });

  it('tells memory that others use from memory that is not there', () => {
    expect(refusalOf({}, capacity(8, null, { host: 64, accelerator: null })).retryable).toBe(true);
  });
});
