import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../apps/cli/src/embedded/redis-server.js';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

export interface S3Server {
  /** For openStorage; the bucket exists. */
  storageUrl: string;
  stop(): Promise<void>;
}

const credentials = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key' };

/** A real S3 server (SeaweedFS, put in place by scripts/install-s3.sh) with one bucket; sets the SDK's credentials. */
export async function startS3Server(): Promise<S3Server> {
  const binary = resolve(import.meta.dirname, '../../.tools/seaweedfs/weed');
  if (!existsSync(binary)) throw new Error('no S3 server: run scripts/install-s3.sh');
  const folder = await mkdtemp(join(tmpdir(), 'zimage-s3-'));
  const config = join(folder, 's3.json');
  const data = join(folder, 'data');
  await mkdir(data);
  const identity = { name: 'test', credentials: [swapCase(credentials)], actions: ['Admin', 'Read', 'Write', 'List'] };
  await writeFile(config, JSON.stringify({ identities: [identity] }));
  const [master, volume, filer, s3] = await freePorts(4);
  const server = spawn(
    binary,
    [
      'server',
      `-dir=${data}`,
      '-ip=127.0.0.1',
      `-master.port=${master}`,
      `-volume.port=${volume}`,
      '-volume.max=8',
      '-master.volumeSizeLimitMB=64',
      '-filer',
      `-filer.port=${filer}`,
      '-s3',
      `-s3.port=${s3}`,
      `-s3.config=${config}`,
    ],
    { stdio: 'ignore', cwd: folder },
  );
  const endpoint = `http://127.0.0.1:${s3}`;
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  await createBucket(endpoint, 'images');
  return {
    storageUrl: `s3://images?endpoint=${endpoint}&region=us-east-1&forcePathStyle=1`,
    stop: async () => {
      // Its graceful stop takes 30 s, and nothing here outlives the test.
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const swapCase = (pair: typeof credentials) => ({ accessKey: pair.accessKeyId, secretKey: pair.secretAccessKey });

/** SeaweedFS listens on each port and on the port + 10000 (gRPC). */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await freePort();
    if (port < 50_000) ports.add(port);
  }
  return [...ports];
}

async function createBucket(endpoint: string, bucket: string): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 });
  const until = Date.now() + 40_000;
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      break;
    } catch (cause) {
      if (Date.now() > until) throw new Error('the S3 server did not come up', { cause });
      await new Promise((done) => setTimeout(done, 200));
    }
  }
  client.destroy();
}
