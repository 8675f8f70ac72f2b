import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { runTool } from './tools.js';

interface Compose {
  services: Record<
    string,
    { read_only?: boolean; cap_drop?: string[]; security_opt?: string[]; environment?: Record<string, string> }
  >;
}

const config = (...flags: string[]): Compose =>
  parse(runTool('docker-compose', ['-f', 'docker-compose.yml', ...flags, 'config'])) as Compose;

it('is a compose file by the real Compose, with the example environment', () => {
  const { services } = config('--env-file', '.env.example', '--profile', 'gpu', '--profile', 'tools');
  expect(Object.keys(services).sort()).toEqual([
    'api',
    'bucket',
    'grafana',
    'keys',
    'prometheus',
    'redis',
    'sender',
    'storage',
    'worker-base',
    'worker-edit',
    'worker-gpu',
    'worker-turbo',
  ]);
  for (const [name, service] of Object.entries(services).filter(([each]) => each !== 'bucket')) {
    expect({ name, ...service }).toMatchObject({
      name,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  }
});

it('refuses to start without secrets, and names them', () => {
  expect(() => config('--env-file', '/dev/null')).toThrow(/URL_SIGNING_KEY/);
});

it.each(['apps/api/Dockerfile', 'apps/worker/Dockerfile'])('%s passes hadolint', (file) => {
  expect(runTool('hadolint', [file])).toBe('');
});

it('asks in the dashboard and the alerts for metrics that the sources define', () => {
  const sources = [
    'apps/worker/src/worker-metrics.ts',
    'apps/api/src/metrics/http-metrics.ts',
    'apps/api/src/metrics/queue-metrics.ts',
    'apps/api/src/sender/sender-metrics.ts',
  ].map((file) => readFileSync(file, 'utf8'));
  const asked = ['observability/grafana/zimage-queue.json', 'observability/alerts.yml'].flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\bzimage_[a-z_]+/g),
  ]);
  const names = new Set(
    asked.map(([name]) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => name !== 'zimage_queue'),
  );
  expect(names.size).toBeGreaterThan(12);
  for (const name of names)
    expect(sources.some((source) => source.includes(`'${name}'`)) ? name : `${name} is unknown`).toBe(name);
});
