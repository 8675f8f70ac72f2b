import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { openStorage } from '@app/common/storage/open-storage.js';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { parse } from 'yaml';
import { startS3Server, type S3Server } from '../support/s3-server.js';
import { renderOverlay, runTool } from './tools.js';

/** Of finished jobs: what their URLs lead to must not go before them. */
const documentsStayS = 7 * 24 * 3600;
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

it('the compose file makes a bucket that deletes what is in it, later than documents go; made again it stays so', async () => {
  const compose = parse(
    runTool('docker-compose', ['-f', 'docker-compose.yml', '--env-file', '.env.example', 'config', '--format', 'json']),
  ) as { services: { bucket: { entrypoint: string[]; command: string[] } } };
  const { entrypoint, command } = compose.services.bucket;
  const [shell, flag] = entrypoint;
  const script = command[0]!.replaceAll('storage:9333', server.master);
  const env = { ...process.env, PATH: `${resolve('.tools/seaweedfs')}${delimiter}${process.env.PATH}` };
  for (let start = 1; start <= 2; start++) execFileSync(shell!, [flag!, script], { env, stdio: 'ignore' });

  const storage = openStorage(server.storageUrl.replace('s3://images', 's3://zimage'), {
    publicUrl: '',
    signingKey: '',
  });
  await storage.putIfAbsent('acme/jobs/0.png', Buffer.from('x'), { contentType: 'image/png', sha256: '0' });
  await storage.close();
  const metadata = await fetch(`${server.filerUrl}/buckets/zimage/acme/jobs/0.png?metadata=true`);
  const { TtlSec: ttlS } = (await metadata.json()) as { TtlSec: number };
  expect(ttlS).toBeGreaterThan(documentsStayS);

  const [rule] = /'fs\.configure [^']+'/.exec(script)!;
  expect(renderOverlay('cpu-demo').text.replaceAll(/\s+/g, ' ')).toContain(rule);
});

it('the lifecycle rule of docs/operations.md is one that an S3 storage takes', async () => {
  const operations = readFileSync('docs/operations.md', 'utf8');
  const [, json] = /put-bucket-lifecycle-configuration [^']+'([^']+)'/.exec(operations)!;
  const LifecycleConfiguration = JSON.parse(json!) as { Rules: { Expiration: { Days: number } }[] };
  const endpoint = new URL(server.storageUrl).searchParams.get('endpoint')!;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  const Bucket = 'zimage-results';
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: LifecycleConfiguration as never }),
  );
  const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(Rules).toMatchObject([{ ID: 'zimage-queue', Status: 'Enabled', Expiration: { Days: 14 } }]);
  expect(LifecycleConfiguration.Rules[0]!.Expiration.Days * 24 * 3600).toBeGreaterThan(documentsStayS);
  client.destroy();
});
