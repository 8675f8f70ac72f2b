import { describe, expect, it } from '@jest/globals';
import { OutOfMemory } from '../errors.js';
import { memoryErrorOr } from './out-of-memory.js';

describe('memoryErrorOr', () => {
  it.each([
    'Non-zero status code returned while running MatMul node. Status Message: /onnxruntime/core/framework/bfc_arena.cc:359 ' +
      'Failed to allocate memory for requested buffer of size 4831838208',
    'CUDA failure 2: out of memory ; GPU=0 ; hostname=gpu-1 ; file=cuda_allocator.cc ; line=47',
    'CUDNN failure 4000: CUDNN_STATUS_ALLOC_FAILED ; GPU=0',
    'std::bad_alloc',
  ])('knows %p', (message) => {
    const cause = new Error(message);
    const error = memoryErrorOr(cause) as OutOfMemory;
    expect(error).toBeInstanceOf(OutOfMemory);
    expect(error).toMatchObject({ code: 'out_of_memory', retryable: true, cause });
  });

  it('leaves other errors as they are', () => {
    const cause = new Error('invalid dimensions');
    expect(memoryErrorOr(cause)).toBe(cause);
  });
});
