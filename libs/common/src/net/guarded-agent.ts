import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { ServiceError } from '../errors.js';
import { isLoopback, isPublicAddress } from './public-address.js';

/** The host is, or resolves to, an address that requests for a tenant must not reach. */
export class AddressRefused extends ServiceError {
  readonly code = 'address_refused';
}

const connectTimeoutMs = 5_000;

/**
 * An HTTP agent for URLs that tenants chose. Addresses are checked when the connection is made, on the address it is made
 * to: a name that resolves differently a moment later gains nothing. `allowLoopback` is for the embedded mode.
 */
export function guardedAgent(options: { allowLoopback: boolean }): Agent {
  const allowed = (address: string): boolean =>
    isPublicAddress(address) || (options.allowLoopback && isLoopback(address));
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup(allowed) });
  return new Agent({
    connect: (target, callback) => {
      // Literal addresses are never looked up.
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !allowed(host)) callback(refused(host), null);
      else connect(target, callback);
    },
  });
}

const refused = (host: string): AddressRefused => new AddressRefused(`${host} is not a public address`);

function guardedLookup(allowed: (address: string) => boolean): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      // Node gives no addresses beside an error.
      const [first] = error ? [] : addresses;
      if (error) callback(error, []);
      else if (!first || !addresses.every(({ address }) => allowed(address))) callback(refused(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
