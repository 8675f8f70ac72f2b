import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type LifecycleRule,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { setTimeout as sleep } from 'node:timers/promises';
import { keySegments } from './object-key.js';
import { ObjectExists, StorageUnavailable, type ObjectInfo, type ObjectStorage } from './object-storage.js';

export interface S3Place {
  bucket: string;
  endpoint?: string;
  /** The same storage as clients reach it: the host of signed URLs. */
  publicEndpoint?: string;
  region: string;
  forcePathStyle: boolean;
}

/** S3 answers 409 while another conditional PUT of the same key is under way; the SDK does not retry that one itself. */
const conflictDelaysMs = [50, 150, 400, 1000];

/** Objects in an S3 bucket. Credentials come from the SDK's default chain (environment, profile, instance role). */
export class S3Storage implements ObjectStorage {
  private readonly client: S3Client;
  /** Signs URLs and sends nothing. */
  private readonly signer: S3Client;

  constructor(private readonly place: S3Place) {
    const settings: S3ClientConfig = {
      region: place.region,
      forcePathStyle: place.forcePathStyle,
      maxAttempts: 4,
      requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
      // The SDK's default checksums break presigned PUTs and some S3-compatible servers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    };
    this.client = new S3Client({ ...settings, ...(place.endpoint && { endpoint: place.endpoint }) });
    this.signer = new S3Client({ ...settings, ...(place.publicEndpoint && { endpoint: place.publicEndpoint }) });
  }

  async putIfAbsent(key: string, body: Uint8Array, info: { contentType: string; sha256: string }): Promise<void> {
    const command = new PutObjectCommand({
      ...this.address(key),
      Body: body,
      ContentLength: body.byteLength,
      ContentType: info.contentType,
      Metadata: { sha256: info.sha256 },
      IfNoneMatch: '*',
    });
    for (const delayMs of [...conflictDelaysMs, null]) {
      try {
        await this.client.send(command);
        return;
      } catch (cause) {
        if (statusOf(cause) === 412) throw new ObjectExists(`${key} exists`, { cause });
        if (statusOf(cause) !== 409 || delayMs === null) throw unavailable('write', key, cause);
        await sleep(delayMs);
      }
    }
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const command = new HeadObjectCommand(this.address(key));
    try {
      const answer = await this.client.send(command);
      return {
        bytes: answer.ContentLength ?? 0,
        sha256: answer.Metadata?.sha256 ?? '',
        contentType: answer.ContentType ?? 'application/octet-stream',
      };
    } catch (cause) {
      return absentOrThrow('look up', key, cause);
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const command = new GetObjectCommand(this.address(key));
    try {
      const answer = await this.client.send(command);
      return (await answer.Body?.transformToByteArray()) ?? null;
    } catch (cause) {
      return absentOrThrow('read', key, cause);
    }
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand(this.address(key));
    try {
      await this.client.send(command);
    } catch (cause) {
      absentOrThrow('delete', key, cause);
    }
  }

  async signedUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }> {
    return this.sign(new GetObjectCommand(this.address(key)), ttlSeconds);
  }

  async signedPutUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }> {
    return this.sign(new PutObjectCommand(this.address(key)), ttlSeconds);
  }

  private async sign(
    command: GetObjectCommand | PutObjectCommand,
    ttlSeconds: number,
  ): Promise<{ url: string; expiresAt: Date }> {
    const signingDate = new Date();
    const url = await getSignedUrl(this.signer, command, { expiresIn: ttlSeconds, signingDate });
    return { url, expiresAt: new Date(signingDate.getTime() + ttlSeconds * 1000) };
  }

  async expiryDays(): Promise<number | null> {
    const { bucket } = this.place;
    try {
      const { Rules = [] } = await this.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      const days = Rules.filter(isOfWholeBucket).flatMap(({ Expiration }) => Expiration?.Days ?? []);
      return days.length === 0 ? null : Math.min(...days);
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'NoSuchLifecycleConfiguration') return null;
      throw unavailable('read the lifecycle rules of', bucket, cause);
    }
  }

  close(): Promise<void> {
    this.client.destroy();
    this.signer.destroy();
    return Promise.resolve();
  }

  private address(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.place.bucket, Key: keySegments(key).join('/') };
  }
}

function isOfWholeBucket({ Status, Filter = {}, ...rule }: LifecycleRule): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- rules of this form may be there still
  const { Prefix = '' } = rule;
  return (
    Status === 'Enabled' &&
    [Prefix, ...Object.values(Filter as Record<string, unknown>)].every((value) => value === '' || value === undefined)
  );
}

const statusOf = (cause: unknown): number | undefined =>
  cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;

const unavailable = (verb: string, key: string, cause: unknown): StorageUnavailable =>
  new StorageUnavailable(`cannot ${verb} ${key}: ${cause instanceof Error ? cause.name : 'unknown error'}`, { cause });

/** null when S3 says that the object is not there; a missing bucket is a fault, not an absence. */
function absentOrThrow(verb: string, key: string, cause: unknown): null {
  const bucketMissing = cause instanceof Error && cause.name === 'NoSuchBucket';
  if (statusOf(cause) === 404 && !bucketMissing) return null;
  throw unavailable(verb, key, cause);
}
