import { describe, expect, it } from '@jest/globals';
import { TestApi, useApi } from '../support/api.js';

const { api, redisUrl } = await useApi();

const policyOf = (headers: Headers): Record<string, string[]> =>
  Object.fromEntries(
    (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );

describe('the playground', () => {
  it('is a page for everybody, and may load what the API itself serves, nothing inline', async () => {
    const { status, headers, text } = await api.call('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(text).toContain('<title>zimage-queue playground</title>');
    expect(policyOf(headers)).toMatchObject({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'connect-src': ["'self'", api.url],
      'frame-ancestors': ["'none'"],
    });
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });

  it('consists of files that are there', async () => {
    const { text } = await api.call('/');
    const files = [...text.matchAll(/"(playground\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(5);
    for (const file of new Set(files)) {
      const { status, headers } = await api.call(file);
      expect({ file, status }).toEqual({ file, status: 200 });
      expect(headers.get('content-type')).toMatch(/^(text\/(css|javascript)|image\/svg\+xml)/);
    }
    expect(await api.call('/playground/nothing.js')).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect((await api.call('/playground/%2e%2e/playground.controller.js')).status).toBe(404);
  });

  it('may load pictures from the S3 storage, where that is', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
    const storage =
      's3://pictures?endpoint=http://storage:8333&publicEndpoint=https://cdn.example.com&forcePathStyle=1';
    const other = await TestApi.start(redisUrl, { STORAGE_URL: storage });
    const policy = policyOf((await other.call('/')).headers);
    expect(policy['img-src']).toEqual(["'self'", 'blob:', 'https://cdn.example.com']);
    expect(policy['connect-src']).toEqual(["'self'", 'https://cdn.example.com']);
    await other.stop();
  });
});
