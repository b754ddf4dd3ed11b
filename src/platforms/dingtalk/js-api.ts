import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BadInputError, SECOND, type Clock } from '../../core/index.js';
import type { DingtalkClient } from './client.js';
import type { DingtalkSettings } from './types.js';

/** What a page of ours needs to use the client's camera, position and scanner. */

/** As `dd.config` takes it; the signed string spells two of these in lower case. */
export interface JsConfig {
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
  const [whole = ''] = address.split('#');
  const at = whole.indexOf('?');
  if (at === -1) return whole;
  try {
    return whole.slice(0, at) + decodeURIComponent(whole.slice(at).replace(/\+/g, ' '));
  } catch {
    return whole; // a broken escape is signed as it stands
  }
}

/** Current pages say SHA-256, old examples SHA-1. */
export function signJs(
  of: { ticket: string; nonce: string; timestamp: string; address: string },
  algorithm: 'sha256' | 'sha1' = 'sha256',
): string {
  const plain = `jsapi_ticket=${of.ticket}&noncestr=${of.nonce}&timestamp=${of.timestamp}&url=${signedAddress(of.address)}`;
  return createHash(algorithm).update(plain).digest('hex');
}

const TicketAnswer = z.object({ jsapiTicket: z.string().min(1), expireIn: z.number().positive() });

/** Asked for again a while before it ends, so that a page which was just opened can still use it. */
const TICKET_MARGIN = 300 * SECOND;

export function createJsApi(client: DingtalkClient, settings: DingtalkSettings, clock: Clock) {
  let ticket: { value: string; until: number } | null = null;
  let asking: Promise<string> | null = null;

  function current(): Promise<string> {
    if (ticket !== null && ticket.until > clock.now().getTime()) return Promise.resolve(ticket.value);
    asking ??= client
      .callFree('POST', '/v1.0/oauth2/jsapiTickets', {}, TicketAnswer)
      .then(({ jsapiTicket, expireIn }) => {
        ticket = { value: jsapiTicket, until: clock.now().getTime() + expireIn * SECOND - TICKET_MARGIN };
        return jsapiTicket;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  /** Signs a page of ours and no other: `ownOrigin` is where our pages stand. */
  return async function jsConfig(address: string, ownOrigin: string): Promise<JsConfig> {
    if (!URL.canParse(address) || new URL(address).origin !== new URL(ownOrigin).origin) {
      throw new BadInputError('js_config.foreign_page', 'only pages of this server are signed');
    }
    const nonceStr = randomBytes(8).toString('hex');
    const timeStamp = String(Math.floor(clock.now().getTime() / SECOND));
    const signature = signJs(
      { ticket: await current(), nonce: nonceStr, timestamp: timeStamp, address },
      settings.jsSignature,
    );
    const { agentId, corpId } = settings;
    return { agentId, corpId, timeStamp, nonceStr, signature, type: 0, jsApiList: JS_APIS };
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

export interface ClientPosition {
  lat: number;
  lng: number;
  /** The vendor's word is 高德 coordinates. */
  datum: 'gcj02';
  accuracyMetres?: number;
  label?: string;
  /** Why it is no good witness: an old fix out of the client's memory, or a faked one that Android admits. */
  doubt?: 'cached' | 'mock';
}

/** 1 GPS, 2 last result, 3 cache, 4 Wi-Fi, 5 cell. */
const OLD_FIXES = new Set([2, 3]);

/**
 * What the page got from `dd.getLocation` (strings) or `dd.device.geolocation.get` (numbers), asked with `coordinate` 1;
 * null when it is neither. It comes from a person's device: a claim, never proof.
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
