import ipaddr from 'ipaddr.js';

/** Answers the cloud's machine agents; looks like a public address. */
const azureWireServer = '168.63.129.16';

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address belongs to the public internet. Refused are private, loopback, link-local (cloud metadata among
 * it), carrier-grade NAT, multicast, reserved and documentation ranges, and IPv6 forms that carry an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // A mapped address (::ffff:a.b.c.d) reaches the IPv4 address in it.
  const ip = ipaddr.process(address);
  if (ip.range() !== 'unicast') return false;
  if (ip instanceof ipaddr.IPv6) return ip.match(globalUnicast);
  return ip.toString() !== azureWireServer;
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}
