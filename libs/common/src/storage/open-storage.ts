import { fileURLToPath } from 'node:url';
import { ServiceError } from '../errors.js';
import { FileStorage } from './file-storage.js';
import type { ObjectStorage } from './object-storage.js';
import { S3Storage } from './s3-storage.js';

/** STORAGE_URL names no storage that this service has an adapter for. */
export class StorageUrlInvalid extends ServiceError {
  readonly code = 'storage_url_invalid';
}

const s3Parameters = ['endpoint', 'publicEndpoint', 'region', 'forcePathStyle'];

/**
 * The storage behind a STORAGE_URL: `s3://bucket?endpoint=…&region=…&forcePathStyle=1` or `file:///dir`, whose signed URLs
 * begin with `publicUrl`. Opens no connection. Throws {@link StorageUrlInvalid}.
 */
export function openStorage(storageUrl: string, urls: { publicUrl: string; signingKey: string }): ObjectStorage {
  const url = URL.canParse(storageUrl) ? new URL(storageUrl) : null;
  if (url?.protocol === 'file:') return new FileStorage(fileURLToPath(url), urls);
  if (url?.protocol !== 's3:' || !url.hostname) {
    throw new StorageUrlInvalid('STORAGE_URL must be file:///dir or s3://bucket?endpoint=…&region=…&forcePathStyle=1');
  }
  const unknown = [...url.searchParams.keys()].find((name) => !s3Parameters.includes(name));
  if (unknown) throw new StorageUrlInvalid(`STORAGE_URL: unknown parameter ${unknown}`);
  const endpoint = url.searchParams.get('endpoint');
  const publicEndpoint = url.searchParams.get('publicEndpoint') ?? endpoint;
  return new S3Storage({
    bucket: url.hostname,
    region: url.searchParams.get('region') ?? 'us-east-1',
    forcePathStyle: ['1', 'true'].includes(url.searchParams.get('forcePathStyle') ?? ''),
    ...(endpoint && { endpoint }),
    ...(publicEndpoint && { publicEndpoint }),
  });
}
