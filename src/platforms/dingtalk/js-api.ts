import { z } from 'zod';
import { SECOND, type Clock, type Log } from '../../core/index.js';
import type { ClientPosition, PageConfig } from '../contract.js';
import { freshSignature, withoutFragment } from '../page-signature.js';
import { createTokenHolder, type TokenStore } from '../token-holder.js';
import type { DingtalkClient } from './client.js';
import type { DingtalkSettings } from './types.js';

/** What a page of ours needs to use the client's camera, position and scanner. */

/** As `dd.config` takes it; the signed string spells two of these in lower case. */
export interface JsConfig extends PageConfig {
  agentId: string;
  corpId: string;
  timeStamp: string;
  nonceStr: string;
  signature: string;
  type: 0;
  jsApiList: readonly string[];
}

/** Without `dd.` in front. */
const JS_APIS = ['device.geolocation.get', 'getLocation', 'biz.util.scan', 'scan', 'chooseImage', 'uploadFile'];

/**
 * The address as the client hands it to its check: without the fragment, the query decoded once as a form is (Android
 * gives it raw, iOS encoded; decoding makes them even), the path left alone.
 * https://open.dingtalk.com/document/development/jsapi-authentication
 */
export function signedAddress(address: string): string {
  const whole = withoutFragment(address);
  const at = whole.indexOf('?');
  if (at === -1) return whole;
  try {
    return whole.slice(0, at) + decodeURIComponent(whole.slice(at).replace(/\+/g, ' '));
  } catch {
    return whole; // a broken escape is signed as it stands
  }
}

const TicketAnswer = z.object({ jsapiTicket: z.string().min(1), expireIn: z.number().positive() });

/** The ticket is kept and renewed like the access token, for all processes. */
export function createJsApi(deps: {
  client: DingtalkClient;
  settings: DingtalkSettings;
  store: TokenStore;
  clock: Clock;
  log: Log;
}) {
  const { client, settings, clock } = deps;
  const ticket = createTokenHolder({
    ...deps,
    key: `dingtalk:${settings.clientId}:page-ticket`,
    // https://open.dingtalk.com/document/development/create-a-jsapi-ticket
    fetch: async () => {
      const { jsapiTicket, expireIn } = await client.callFree('POST', '/v1.0/oauth2/jsapiTickets', {}, TicketAnswer);
      return { value: jsapiTicket, lifeMs: expireIn * SECOND };
    },
    // Only phones see whether a ticket is good.
    isTokenRefused: () => false,
  });

  return async function pageConfig(address: string): Promise<JsConfig> {
    const of = { address: signedAddress(address), ticket: await ticket.get() };
    const { timestamp, nonceStr, signature } = freshSignature(of, settings.jsSignature ?? 'sha256', clock);
    const { agentId, corpId } = settings;
    return { agentId, corpId, timeStamp: timestamp, nonceStr, signature, type: 0, jsApiList: JS_APIS };
  };
}

const number = z.coerce.number();
const PositionResult = z.object({
  latitude: number.min(-90).max(90),
  longitude: number.min(-180).max(180),
  accuracy: number.positive().optional().catch(undefined),
  address: z.string().optional().catch(undefined),
  locationType: number.int().optional().catch(undefined),
  isFromMock: z.boolean().optional().catch(undefined),
});

/** 1 GPS, 2 last result, 3 cache, 4 Wi-Fi, 5 cell. */
const OLD_FIXES = new Set([2, 3]);

/**
 * What the page got from `dd.getLocation` (strings) or `dd.device.geolocation.get` (numbers), asked with `coordinate` 1;
 * null when it is neither. The vendor's word for the datum is 高德 coordinates.
 * https://open.dingtalk.com/document/development/jsapi-get-location
 */
export function readPosition(result: unknown): ClientPosition | null {
  const parsed = PositionResult.safeParse(result);
  if (!parsed.success) return null;
  const { latitude, longitude, accuracy, address, locationType, isFromMock } = parsed.data;
  const doubt = isFromMock === true ? 'mock' : OLD_FIXES.has(locationType ?? 0) ? 'cached' : undefined;
  return {
    lat: latitude,
    lng: longitude,
    datum: 'gcj02',
    ...(accuracy === undefined ? {} : { accuracyMetres: accuracy }),
    ...(address ? { label: address } : {}),
    ...(doubt === undefined ? {} : { doubt }),
  };
}
