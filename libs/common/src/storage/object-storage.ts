import { ServiceError } from '../errors.js';

export interface ObjectInfo {
  bytes: number;
  /** Hex; from the object's own metadata. */
  sha256: string;
  contentType: string;
}

/** Somebody else's object is already under this key: an earlier attempt won, or the reply of our own PUT was lost. */
export class ObjectExists extends ServiceError {
  readonly code = 'object_exists';
}

/** The storage did not answer, or answered with an error of its own. */
export class StorageUnavailable extends ServiceError {
  readonly code = 'storage_unavailable';
  override readonly retryable = true;
}

/** The port to object storage. Adapters: `file://` and `s3://`; one contract suite (test/contract) holds them equal. */
export interface ObjectStorage {
  /**
   * Writes a whole object unless one exists (If-None-Match: *), with its size and SHA-256 as metadata.
   * Throws {@link ObjectExists} or {@link StorageUnavailable}; never leaves a partial object.
   */
  putIfAbsent(key: string, body: Uint8Array, info: { contentType: string; sha256: string }): Promise<void>;
  /** Size and SHA-256 of an object, or null when there is none. */
  head(key: string): Promise<ObjectInfo | null>;
  get(key: string): Promise<Uint8Array | null>;
  delete(key: string): Promise<void>;
  /** A URL that anyone can GET until `expiresAt`. */
  signedUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }>;
  /** A URL that anyone can PUT an object to until `expiresAt`; a second one takes the place of the first. */
  signedPutUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }>;
  /**
   * After how many days the storage itself deletes every object; null when no rule of its says so. Absent where storages have
   * no such rules. Throws {@link StorageUnavailable}, also where one may not ask.
   */
  expiryDays?(): Promise<number | null>;
  close(): Promise<void>;
}
