import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, parseConfig } from './parse-config.js';
import { settings } from './settings.js';

const Schema = z.object({ ...settings, PORT: z.coerce.number().int() });
const good = {
  STORAGE_URL: 'file:///var/lib/zimage',
  PUBLIC_URL: 'https://images.example/',
  URL_SIGNING_KEY: 's'.repeat(32),
  PORT: '3000',
};

describe('parseConfig', () => {
  it('fills in defaults and cannot be changed afterwards', () => {
    const config = parseConfig(Schema, { ...good, LOG_LEVEL: '' });
    expect(config).toMatchObject({
      PORT: 3000,
      ZIMAGE_MODE: 'production',
      LOG_LEVEL: 'info',
      PUBLIC_URL: 'https://images.example',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names every fault at once, without the values', () => {
    const secret = 'too-short-secret';
    const environment = {
      ...good,
      URL_SIGNING_KEY: secret,
      PORT: 'http',
      REDIS_URL: 'localhost',
      STORAGE_URL: undefined,
    };
    expect(() => parseConfig(Schema, environment)).toThrow(ConfigError);
    try {
      parseConfig(Schema, environment);
    } catch (error) {
      const { message } = error as ConfigError;
      for (const name of ['URL_SIGNING_KEY', 'PORT', 'REDIS_URL', 'STORAGE_URL'])
        expect(message).toContain(`${name}: `);
      expect(message.split('\n')).toHaveLength(5);
      expect(message).not.toContain(secret);
    }
  });
});
