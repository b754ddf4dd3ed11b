import { isIP, isIPv6 } from 'node:net';

/** `10.0.0.2`, `10.0.0.0/8`, `fd00::/8`; null when it is neither an address nor a range of them. */
export function parseRange(text: string): { address: string; prefix: number; type: 'ipv4' | 'ipv6' } | null {
  const [address = '', bits, ...more] = text.split('/');
  const type = isIPv6(address) ? 'ipv6' : 'ipv4';
  const longest = type === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && prefix <= longest);
  return isIP(address) !== 0 && isRange && more.length === 0 ? { address, prefix, type } : null;
}
