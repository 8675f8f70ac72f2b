import { expect, it } from '@jest/globals';
import { TestApi, useApi } from '../support/api.js';

const { api } = await useApi();

const metrics = async (): Promise<string> => (await api.call('/metrics')).text;

it('counts open jobs and their work, model by model', async () => {
  const key = await api.keyOf({ tenant: 'metrics', scopes: ['generate'] });
  await api.post(key, { prompt: 'red apple', model: 'z-image-nano-turbo' });
  const text = await metrics();
  expect(text).toContain('zimage_queue_open_jobs{model="z-image-nano-turbo"} 1');
  expect(text).toMatch(/zimage_queue_backlog_gpu_seconds\{model="z-image-nano-turbo"\} 0\.\d+/);
  expect(text).toContain('zimage_queue_open_jobs{model="z-image-nano"} 0');
});

it('times requests by route, whatever ids are in the path', async () => {
  await api.call('/v1/jobs/job_none');
  await api.call('/no/such/place');
  const text = await metrics();
  expect(text).toMatch(
    /zimage_http_request_duration_seconds_count\{[^}]*route="\/v1\/generations"[^}]*status="202"[^}]*\} 1/,
  );
  expect(text).not.toContain('job_none');
  expect(text).not.toContain('/no/such/place');
});

it('answers without Redis, with its own process alone', async () => {
  const lonely = await TestApi.start('redis://127.0.0.1:1');
  const answer = await lonely.call('/metrics');
  await lonely.stop();
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('process_cpu_seconds_total');
  expect(answer.text).not.toMatch(/zimage_queue_open_jobs\{/);
});
