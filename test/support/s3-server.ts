import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

export interface S3Server {
  /** For openStorage; the bucket exists. */
  storageUrl: string;
  /** host:port of SeaweedFS' master, for `weed shell`. */
  master: string;
  /** Of its filer, which tells what S3 does not. */
  filerUrl: string;
  stop(): Promise<void>;
}

const credentials = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key' };

/** A real S3 server (SeaweedFS, put in place by scripts/install-s3.sh) with one bucket; sets the SDK's credentials. */
export async function startS3Server(): Promise<S3Server> {
  const binary = resolve(import.meta.dirname, '../../.tools/seaweedfs/weed');
  if (!existsSync(binary)) throw new Error('no S3 server: run scripts/install-s3.sh');
  const folder = await mkdtemp(join(tmpdir(), 'zimage-s3-'));
  const identity = { name: 'test', credentials: [swapCase(credentials)], actions: ['Admin', 'Read', 'Write', 'List'] };
  await writeFile(join(folder, 's3.json'), JSON.stringify({ identities: [identity] }));
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  const { server, endpoint, master, filerUrl } = await listening(binary, folder);
  return {
    master,
    filerUrl,
    storageUrl: `s3://images?endpoint=${endpoint}&region=us-east-1&forcePathStyle=1`,
    stop: async () => {
      // Its graceful stop takes 30 s, and nothing here outlives the test.
      await kill(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server with its bucket. Somebody else may take a port between the look and its use: then the next ports are tried. */
async function listening(
  binary: string,
  folder: string,
): Promise<Omit<S3Server, 'storageUrl' | 'stop'> & { server: ChildProcess; endpoint: string }> {
  for (let attempt = 1; ; attempt++) {
    const [master, volume, filer, s3] = await freePorts(4);
    const data = join(folder, `data-${attempt}`);
    await mkdir(data);
    const options = {
      dir: data,
      ip: '127.0.0.1',
      'master.port': master,
      'master.volumeSizeLimitMB': 64,
      'volume.port': volume,
      'volume.max': 8,
      filer: true,
      'filer.port': filer,
      s3: true,
      's3.port': s3,
      's3.config': join(folder, 's3.json'),
    };
    const flags = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
    const server = spawn(binary, ['server', ...flags], { stdio: 'ignore', cwd: folder });
    const endpoint = `http://127.0.0.1:${s3}`;
    try {
      await createBucket(endpoint, 'images', server);
      return { server, endpoint, master: `127.0.0.1:${master}`, filerUrl: `http://127.0.0.1:${filer}` };
    } catch (error) {
      await kill(server);
      if (attempt === 3) throw error;
    }
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function kill(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
}

const swapCase = (pair: typeof credentials) => ({ accessKey: pair.accessKeyId, secretKey: pair.secretAccessKey });

/** SeaweedFS listens on each port and on the port + 10000 (gRPC). */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Waits for the server, and no longer than it lives. */
async function createBucket(endpoint: string, bucket: string, server: ChildProcess): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 });
  const until = Date.now() + 40_000;
  for (;;) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      break;
    } catch (cause) {
      if (hasEnded(server) || Date.now() > until) throw new Error('the S3 server did not come up', { cause });
      await new Promise((done) => setTimeout(done, 200));
    }
  }
  client.destroy();
}
