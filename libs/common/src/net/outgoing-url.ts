import { isIP } from 'node:net';
import { isLoopback, isPublicAddress } from './public-address.js';

/**
 * Why a tenant's URL may not be called, or null. Only the embedded mode may call plain http and this machine. Names are
 * checked again by the guarded agent, on the address that it connects to.
 */
export function outgoingUrlRefusal(url: string, { embedded }: { embedded: boolean }): string | null {
  const { protocol, username, password, hostname } = new URL(url);
  if (protocol !== 'https:' && !(embedded && protocol === 'http:')) return 'must be an https URL';
  if (username !== '' || password !== '') return 'must not hold credentials';
  const host = hostname.replace(/^\[|\]$/g, '');
  const local = /(^|\.)localhost\.?$/.test(host) || isLoopback(host);
  if (local ? embedded : isIP(host) === 0 || isPublicAddress(host)) return null;
  return 'must not point at a private address';
}
