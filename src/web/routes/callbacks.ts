import Router from '@koa/router';
import type { IncomingMessage } from 'node:http';
import type { CallbackReceiver } from '../../platforms/contract.js';
import { createClientAddress } from '../client-address.js';

/** Larger bodies than any callback of the platforms are cut off before they are read whole. */
const MAX_CALLBACK_BYTES = 256 * 1024;

export interface CallbackReceivers {
  wecom?: {
    /** By AgentId. */
    apps: ReadonlyMap<string, CallbackReceiver>;
    /** The directory's own callback, and the AI bot's, where they are set up. */
    contacts?: CallbackReceiver;
    aibot?: CallbackReceiver;
  };
  dingtalk?: { receive: CallbackReceiver };
}

/** The vendors' callbacks: raw bytes to the adapter's receiver, its answer back. Nothing is parsed here. */
export function createCallbackRoutes(receivers: CallbackReceivers, trustedProxies: readonly string[] = []): Router {
  const router = new Router();
  const addressOf = createClientAddress(trustedProxies);

  const mount = (path: string, receive: CallbackReceiver): void => {
    router.all(path, async (ctx) => {
      const body = await readBody(ctx.req);
      if (body === null) {
        ctx.status = 413;
        return;
      }
      const query: Record<string, string> = {};
      for (const [name, value] of new URLSearchParams(ctx.querystring)) query[name] ??= value;
      const from = addressOf(ctx.req);
      const answer = await receive({ method: ctx.method, query, headers: ctx.headers, body, from });
      ctx.status = answer.status;
      ctx.type = answer.contentType;
      ctx.body = answer.body;
      if (answer.written !== undefined) {
        const { written } = answer;
        ctx.res.once('finish', () => {
          written().catch((error: unknown) => ctx.app.emit('error', error, ctx));
        });
      }
    });
  };

  if (receivers.wecom !== undefined) {
    const { apps, contacts, aibot } = receivers.wecom;
    for (const [agentId, receive] of apps) mount(`/callback/wecom/${agentId}`, receive);
    if (contacts !== undefined) mount('/callback/wecom/contacts', contacts);
    if (aibot !== undefined) mount('/callback/wecom/aibot', aibot);
  }
  if (receivers.dingtalk !== undefined) mount('/callback/dingtalk', receivers.dingtalk.receive);
  return router;
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MAX_CALLBACK_BYTES) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}
