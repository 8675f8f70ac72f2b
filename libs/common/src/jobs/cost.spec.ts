import { describe, expect, it } from '@jest/globals';
import { tokensPerImage, workUnits } from './cost.js';
import { modelOfJob, newJobId } from './job-id.js';

describe('the cost of a request', () => {
  const request = { width: 256, height: 512, steps: 10, guidance_scale: 0, n: 2 };

  it('is tokens × steps × images over the reference rate', () => {
    expect(tokensPerImage(request)).toBe(512);
    expect(workUnits(request, 1024)).toBe(10);
  });

  it('doubles with guidance', () => {
    expect(workUnits({ ...request, guidance_scale: 3 }, 1024)).toBe(20);
  });
});

describe('job ids', () => {
  it('name their model and sort by time', async () => {
    const first = newJobId('z-image-nano.2');
    await new Promise((resolve) => setTimeout(resolve, 3));
    expect(modelOfJob(first)).toBe('z-image-nano.2');
    expect(newJobId('z-image-nano.2') > first).toBe(true);
  });

  it.each(['', 'job_1_m', 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV_{x}', 'x'])(
    '%p is none',
    (id) => expect(modelOfJob(id)).toBeNull(),
  );
});
