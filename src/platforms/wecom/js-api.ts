import { z } from 'zod';
import { PlatformUnreachableError, SECOND, type Clock, type Log } from '../../core/index.js';
import type { ClientPosition, PageConfig } from '../contract.js';
import { freshSignature, withoutFragment, type PageSignature } from '../page-signature.js';
import { createTokenHolder, type TokenHolder, type TokenStore } from '../token-holder.js';
import type { WecomClient } from './client.js';
import type { WecomSettings } from './types.js';

/** What a page of ours needs to use the client's camera, position and scanner: `ww.register` of the vendor's own script. */

/** As `ww.register` takes it; it asks for the signature by itself, for the address that it signs with. */
export interface WwConfig extends PageConfig {
  corpId: string;
  agentId: string;
  jsApiList: readonly string[];
  signature: PageSignature;
}

const JS_APIS = ['scanQRCode', 'getLocation', 'chooseImage', 'uploadImage', 'getLocalImgData'] as const;

/**
 * Two tickets: the company's for `config`, the app's for `agentConfig`. Mixed up they give 40093 on the phone. Kept and
 * renewed like access tokens, since the vendor gives 400 and 100 an hour. https://developer.work.weixin.qq.com/document/path/90506
 */
export function createJsApi(deps: {
  client: WecomClient;
  settings: WecomSettings;
  store: TokenStore;
  clock: Clock;
  log: Log;
}) {
  const { client, settings, clock } = deps;
  const { corpId, agentId } = settings;
  const ticket = (key: string, api: string, query: Record<string, string>): TokenHolder =>
    createTokenHolder({
      ...deps,
      key,
      fetch: async () => {
        const { ticket: value, expires_in: seconds } = await client.get(api, query);
        if (typeof value !== 'string' || value === '' || typeof seconds !== 'number' || seconds <= 0)
          throw new PlatformUnreachableError('wecom.answer_unreadable', `${api}: no ticket in the answer`);
        return { value, lifeMs: seconds * SECOND };
      },
      // Only phones see whether a ticket is good.
      isTokenRefused: () => false,
    });
  const tickets = {
    company: ticket(`wecom:${corpId}:page-ticket`, 'get_jsapi_ticket', {}),
    app: ticket(`wecom:${corpId}:${agentId}:page-ticket`, 'ticket/get', { type: 'agent_config' }),
  };

  return async function pageConfig(address: string, as: 'company' | 'app'): Promise<WwConfig> {
    const page = withoutFragment(address);
    const signature = freshSignature({ ticket: await tickets[as].get(), address: page }, 'sha1', clock);
    return { corpId, agentId, jsApiList: JS_APIS, signature };
  };
}

const PositionResult = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  accuracy: z.number().positive().optional().catch(undefined),
});

/** `ww.getLocation` asked with `type: 'gcj02'`. https://developer.work.weixin.qq.com/document/path/98523 */
export function readPosition(result: unknown): ClientPosition | null {
  const parsed = PositionResult.safeParse(result);
  if (!parsed.success) return null;
  const { latitude: lat, longitude: lng, accuracy } = parsed.data;
  return { lat, lng, datum: 'gcj02', ...(accuracy === undefined ? {} : { accuracyMetres: accuracy }) };
}
