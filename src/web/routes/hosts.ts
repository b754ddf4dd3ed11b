import type { Context } from 'koa';

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

/** Host label of a phone: each phone keeps its own cookies. Letters that a host name cannot hold become `-`. */
export function phoneHost(platform: string, userId: string, port: string): string {
  const label = `${userId}`
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return `${label === '' ? platform : label}.localhost${port === '' ? '' : `:${port}`}`;
}
