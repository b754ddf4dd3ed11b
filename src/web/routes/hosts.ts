import type { Context } from 'koa';
import type { PlatformName } from '../../platforms/contract.js';

/** Hosts on which the sandbox and its phones stand: the machine itself, under any name that browsers resolve to it. */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return name === '127.0.0.1' || name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/** A phone of the sandbox stands in a frame of the sandbox page, and to browsers that is another site. */
export function isPhoneHost(hostname: string): boolean {
  return hostname.toLowerCase().endsWith('.localhost');
}

/**
 * Origin under which this request's browser knows us. Outside the sandbox it is always PUBLIC_URL: a Host header is
 * the client's word. In the sandbox every phone has its own host, so the request's own is taken when it is loopback.
 */
export function originOf(ctx: Context, { publicUrl, sandbox }: { publicUrl: string; sandbox: boolean }): string {
  if (sandbox && isLoopbackHost(ctx.hostname)) return `http://${ctx.host}`;
  return new URL(publicUrl).origin;
}

/** `<userid>.<platform>.localhost`: each phone keeps its own cookies. What a host name cannot hold becomes `-`. */
export function phoneHost(platform: PlatformName, userId: string, port: string): string {
  const label = userId
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return `${label === '' ? 'phone' : label}.${platform}.localhost${port === '' ? '' : `:${port}`}`;
}

/** Which phone a host name is; null for every other host. */
export function phoneOf(hostname: string): { platform: PlatformName; userId: string } | null {
  const match = /^([a-z0-9-]+)\.(wecom|dingtalk)\.localhost$/.exec(hostname.toLowerCase());
  const [, userId, platform] = match ?? [];
  return userId === undefined ? null : { userId, platform: platform as PlatformName };
}
