import { describe, expect, it } from '@jest/globals';
import { WorkerConfig } from './worker.config.js';

const needed = {
  MODEL: 'z-image-nano-turbo',
  STORAGE_URL: 'file:///tmp/files',
  PUBLIC_URL: 'http://127.0.0.1:3000',
  URL_SIGNING_KEY: 'a signing key of 32 characters or so',
};
const parse = (environment: Record<string, string>) => WorkerConfig.safeParse({ ...needed, ...environment });

describe('WorkerConfig', () => {
  it('leaves the precision to the provider unless it is named', () => {
    expect(parse({}).data).toMatchObject({ EXECUTION_PROVIDERS: ['cpu'], ALLOW_FLOAT16: false, WEIGHTS: 'computed' });
    expect(parse({}).data).not.toHaveProperty('PRECISION');
    expect(parse({ PRECISION: 'int8', EXECUTION_PROVIDERS: 'cuda, cpu' }).data).toMatchObject({
      PRECISION: 'int8',
      EXECUTION_PROVIDERS: ['cuda', 'cpu'],
    });
    expect(parse({ PRECISION: 'float16', ALLOW_FLOAT16: 'true' }).data).toMatchObject({ ALLOW_FLOAT16: true });
  });

  it.each([
    ['PRECISION', 'int4'],
    ['WEIGHTS', 'mapped'],
    ['TEXT_ENCODER_PROVIDER', 'cuda'],
    ['ALLOW_FLOAT16', 'perhaps'],
    ['HOST_MEMORY_MB', '0'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(parse({ [name]: value }).error?.issues.map(({ path }) => path)).toEqual([[name]]);
  });
});
