import { describe, expect, it } from '@jest/globals';
import { fileUrlHolds, signFileUrl } from './url-signature.js';

const signingKey = 'a'.repeat(32);
const expires = 1_800_000_000;
const nowMs = (expires - 60) * 1000;
const partsOf = (text: string) => {
  const url = new URL(text);
  return {
    method: 'GET' as const,
    key: url.pathname.slice('/files/'.length),
    expires: url.searchParams.get('expires')!,
    signature: url.searchParams.get('signature')!,
  };
};
const signed = partsOf(
  signFileUrl('https://api.example', signingKey, { method: 'GET', key: 'acme/job/0.png', expires }),
);

describe('a signed file URL', () => {
  it('holds until it expires', () => {
    expect(signed.key).toBe('acme/job/0.png');
    expect(fileUrlHolds(signingKey, signed, nowMs)).toBe(true);
    expect(fileUrlHolds(signingKey, signed, expires * 1000 - 1)).toBe(true);
    expect(fileUrlHolds(signingKey, signed, expires * 1000)).toBe(false);
  });

  it.each([
    ['another key', { ...signed, key: 'acme/job/1.png' }],
    ['another method', { ...signed, method: 'PUT' as const }],
    ['a later end', { ...signed, expires: String(expires + 1) }],
    ['an end that is no number', { ...signed, expires: '1e10' }],
    ['a key and an end that join to the same text', { ...signed, key: 'acme/job/0.png\n1', expires: '800000000' }],
    ['a shorter signature', { ...signed, signature: signed.signature.slice(1) }],
    ['no signature', { ...signed, signature: '' }],
  ])('with %s does not', (_case, url) => {
    expect(fileUrlHolds(signingKey, url, nowMs)).toBe(false);
  });

  it('does not hold under another signing key', () => {
    expect(fileUrlHolds('b'.repeat(32), signed, nowMs)).toBe(false);
  });
});
