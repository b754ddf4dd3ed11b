import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { parseRange } from '../core/index.js';

/**
 * Who sent a request: the peer of the connection, or, behind reverse proxies that we trust, whom the last of them saw.
 * `X-Forwarded-For` is anybody's word: it is read from its end, and only as far as each address that wrote is a trusted proxy.
 */
export function createClientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trusted = new BlockList();
  for (const text of trustedProxies) {
    const range = parseRange(text);
    if (range !== null) trusted.addSubnet(range.address, range.prefix, range.type);
  }
  const isTrusted = (address: string): boolean =>
    isIP(address) !== 0 && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return ({ socket, headers }) => {
    const seen = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    let address = plainAddress(socket.remoteAddress ?? '');
    while (isTrusted(address)) {
      const before = plainAddress(seen.pop()?.trim() ?? '');
      if (isIP(before) === 0) break;
      address = before;
    }
    return address;
  };
}

/** An IPv4 peer of a socket that also hears IPv6. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
