import type { ActionResult, ControlState, Faults, Place, Platform, SampleInfo, TrafficRow } from './types.ts';

const BASE = '/sandbox/api';

export class ControlError extends Error {}

async function call<T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown, raw = false): Promise<T> {
  const init: RequestInit = { method, headers: method === 'GET' ? {} : { 'x-trailmark': '1' } };
  if (body !== undefined) {
    init.body = raw ? (body as Blob) : JSON.stringify(body);
    init.headers = {
      ...init.headers,
      'content-type': raw ? (body as Blob).type || 'application/octet-stream' : 'application/json',
    };
  }
  const answer = await fetch(`${BASE}${path}`, init);
  const text = await answer.text();
  // 409: the phone could not do it, and the body says why.
  if (!answer.ok && answer.status !== 409) {
    const said = /"(?:message|reason|error)"\s*:\s*"([^"]+)"/.exec(text)?.[1];
    throw new ControlError(said ?? `${method} ${path}: ${answer.status}`);
  }
  return (text === '' ? {} : JSON.parse(text)) as T;
}

const query = (values: Record<string, string | number | undefined>): string => {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString()}`;
};

export type PhoneAction =
  | { act: 'text'; text: string; chatId?: string | undefined; quotes?: string | undefined }
  | { act: 'scan'; text: string; menuKey?: string }
  | { act: 'menu'; key: string }
  | { act: 'location'; lat: number; lng: number; label: string; menuKey?: string }
  | { act: 'enter' }
  | { act: 'press'; messageId: string; action: string; choices: Record<string, string[]> };

export const control = {
  state: () => call<ControlState>('GET', '/state'),
  traffic: (limit: number) => call<TrafficRow[]>('GET', `/traffic?limit=${limit}`),
  samples: () => call<SampleInfo[]>('GET', '/samples'),
  places: () => call<Place[]>('GET', '/places'),
  act(platform: Platform, userId: string, action: PhoneAction): Promise<ActionResult> {
    const { act, ...body } = action;
    return call('POST', `/phones/${platform}/${encodeURIComponent(userId)}/${act}`, body);
  },
  sendFile(
    platform: Platform,
    userId: string,
    kind: 'image' | 'file' | 'video',
    file: Blob,
    about: { name?: string; chatId?: string; menuKey?: string },
  ): Promise<ActionResult> {
    return call('POST', `/phones/${platform}/${encodeURIComponent(userId)}/${kind}${query(about)}`, file, true);
  },
  /** `recognition`: what the platform's own speech-to-text makes of it, where it has one. */
  speak(
    platform: Platform,
    userId: string,
    file: File,
    about: { durationMs: number; recognition: string; chatId?: string },
  ): Promise<ActionResult> {
    const path = `/phones/${platform}/${encodeURIComponent(userId)}/voice`;
    return call('POST', `${path}${query({ name: file.name, ...about })}`, file, true);
  },
  /** The client's own check of a page that wants its camera, position and scanner. */
  async checkPage(platform: Platform, params: object): Promise<{ code: number; words: string }> {
    const said = await call<{ errCode?: number; errMsg?: string; errorCode?: number; errorMessage?: string }>(
      'POST',
      `/pages/${platform}`,
      params,
    );
    return { code: said.errCode ?? said.errorCode ?? 0, words: said.errMsg ?? said.errorMessage ?? '' };
  },
  moveClock: (by: { byMs: number } | { toNext: 'workday' | 'morning' }) =>
    call<{ offsetMs: number }>('POST', '/clock', by),
  faults: (faults: Partial<Faults>) => call<unknown>('PUT', '/faults', faults),
  expireTokens: (platform: Platform) => call<unknown>('POST', '/tokens/expire', { platform }),
};

/** The sample as it would come out if it were taken at this place at this moment; every `seed` is another picture. */
export async function takeSample(
  sample: SampleInfo,
  about: { at: string; clientName: string; lat?: number; lng?: number; plate?: string; seed: number },
): Promise<File> {
  const answer = await fetch(`${BASE}/samples/${sample.name}${query(about)}`);
  if (!answer.ok) throw new ControlError(`样例没有做出来（${answer.status}）`);
  const given = /filename\*=UTF-8''([^;]+)/i.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  const type = answer.headers.get('content-type') ?? 'application/octet-stream';
  const fallback = sample.name + { photo: '.jpg', pdf: '.pdf', sheet: '.xlsx', voice: '.wav' }[sample.kind];
  return new File([await answer.blob()], given === undefined ? fallback : decodeURIComponent(given), { type });
}
/** Media of a message, fetched through the app's route. */
export const mediaSrc = (path: string): string => `${BASE}${path.replace(/^\/control(?=\/)/, '')}`;

/** Where the phone's webview begins: the route sets the phone's identity and leads to the address on the phone's own host. */
export const openSrc = (platform: Platform, userId: string, url: string): string =>
  `/sandbox/open${query({ platform, userId, url })}`;

/** Ours (the app's own pages) or somebody else's? Only ours go through the login of the phone. */
export function isOwnUrl(url: string): boolean {
  try {
    const { hostname, port } = new URL(url, location.href);
    const local = ['127.0.0.1', 'localhost', location.hostname].includes(hostname) || hostname.endsWith('.localhost');
    return local && port === location.port;
  } catch {
    return false;
  }
}
