import { describe, expect, it } from '@jest/globals';
import { stepsToRun, tokensPerImage, workUnits } from './cost.js';
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

  it('counts the reference images of an edit, those above a megapixel as they are scaled', () => {
    const reference = (width: number, height: number) => ({ sha256: 'f', bytes: 1, width, height });
    expect(tokensPerImage({ ...request, images: [reference(256, 250)] })).toBe(512 + 16 * 15 + 256);
    expect(tokensPerImage({ ...request, images: [reference(4096, 2048)] })).toBe(512 + 32 * 16 + 256);
  });

  it('counts the steps alone that strength leaves', () => {
    expect(stepsToRun({ steps: 8, strength: 0.6 })).toBe(5);
    expect(stepsToRun({ steps: 8, strength: 1 })).toBe(8);
    expect(stepsToRun({ steps: 8, strength: 0.01 })).toBe(1);
    expect(workUnits({ ...request, strength: 0.5 }, 1024)).toBe(5);
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
