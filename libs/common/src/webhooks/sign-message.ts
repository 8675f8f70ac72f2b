import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Webhook } from 'standardwebhooks';
import type { SigningKeys } from './webhook-secrets.js';

/** The bytes before an ed25519 seed in its PKCS #8 form (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * `webhook-signature` of a message after Standard Webhooks 1.0.0: a `v1` (HMAC) and a `v1a` (ed25519) signature by each
 * key. Receivers take whichever they know how to verify.
 */
export function signaturesOf(keys: SigningKeys, id: string, now: Date, body: string): string {
  const content = Buffer.from(`${id}.${Math.floor(now.getTime() / 1000)}.${body}`);
  return [
    ...keys.secrets.map((secret) => new Webhook(secret).sign(id, now, body)),
    ...keys.privateKeys.map((key) => `v1a,${sign(null, content, ed25519(key)).toString('base64')}`),
  ].join(' ');
}

/** Reading a key takes longer than signing with it. */
const keyObjects = new LRUCache<string, KeyObject>({ max: 1000 });

/** `whsk_…` holds seed and public key, 32 bytes each. */
function ed25519(privateKey: string): KeyObject {
  let key = keyObjects.get(privateKey);
  if (!key) {
    const seed = Buffer.from(privateKey.slice('whsk_'.length), 'base64').subarray(0, 32);
    key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
    keyObjects.set(privateKey, key);
  }
  return key;
}
