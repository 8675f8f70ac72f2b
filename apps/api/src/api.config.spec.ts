import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@app/common/config/parse-config.js';
import { readApiConfig } from './api.config.js';

const needed = { STORAGE_URL: 'file:///data', URL_SIGNING_KEY: 's'.repeat(32) };

describe('readApiConfig', () => {
  it('needs a storage and a signing key, and listens on loopback', () => {
    expect(readApiConfig(needed)).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      redisUrl: 'redis://127.0.0.1:6379',
      modelsFile: 'models/catalog.json',
      mode: 'production',
      resultUrlTtlSeconds: 900,
    });
    expect(() => readApiConfig({})).toThrow(ConfigError);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '3000.5'],
    ['ZIMAGE_MODE', 'test'],
    ['PUBLIC_URL', 'images.example'],
    ['STORAGE_URL', 'ftp://x'],
    ['RESULT_URL_TTL_S', '0'],
    ['TENANT_MAX_OPEN_JOBS', 'many'],
    ['JOB_TTL_S', '1'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readApiConfig({ ...needed, [name]: value })).toThrow(`${name}: `);
  });
});
