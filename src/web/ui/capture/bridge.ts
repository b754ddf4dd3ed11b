import type { Dd } from './dingtalk.ts';

/** The phone's camera, position and scanner, by whichever way the client at hand offers them. */
export interface Bridge {
  /** Null: photos are taken by the page's own input. */
  takePhoto: (() => Promise<Taken>) | null;
  position: () => Promise<SentPosition>;
  /** Null: this client cannot scan for a page. */
  scan: (() => Promise<string>) | null;
  /** Back to the chat; null: the person closes the page. */
  close: (() => void) | null;
}

export type Taken =
  | { kind: 'file'; file: File }
  /** The platform keeps it; the server fetches it there. */
  | { kind: 'media'; media: string }
  /** The client sends it beside the page. */
  | { kind: 'upload'; size: number; send: (to: UploadTo) => Promise<void> };

export interface UploadTo {
  url: string;
  headers: Record<string, string>;
  fields: Record<string, string>;
}

export interface SentPosition {
  from: 'browser' | 'client';
  /** As it was given: the server reads it, and knows the datum. */
  result: unknown;
  accuracyMetres: number | null;
}

export type RefusedWhy = 'denied' | 'cancelled' | 'unsupported' | 'failed';

export class Refused extends Error {
  constructor(readonly why: RefusedWhy) {
    super(why);
  }
}

/** The words of both clients for the same few causes. */
export function refusedBy(words: string): Refused {
  if (/cancel|取消/i.test(words)) return new Refused('cancelled');
  if (/deny|denied|permission|unauthori|no auth|权限|拒绝/i.test(words)) return new Refused('denied');
  if (/not.?support|no.?such|not.?exist|not.?implement|undefined is not|不支持/i.test(words))
    return new Refused('unsupported');
  return new Refused('failed');
}

/** What the platform's script needs before the client lets this page use it; signed for this very address. */
export async function askConfig<T>(url: string, as: 'company' | 'app' = 'company'): Promise<T> {
  const query = new URLSearchParams({ url, as }).toString();
  const answer = await fetch(`/api/m/page-config?${query}`, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Refused('failed');
  return ((await answer.json()) as { config: T }).config;
}

/** In the sandbox a phone is a frame on a host of its own. */
const PHONE_HOST = /\.(wecom|dingtalk)\.localhost$/;

/** Each vendor's script is loaded inside its own client only; whatever fails there leaves the browser's own ways. */
export async function openBridge(): Promise<Bridge> {
  const { browserBridge } = await import('./browser.ts');
  try {
    const phone = window.parent === window ? undefined : PHONE_HOST.exec(location.hostname)?.[1];
    if (phone !== undefined) {
      const client = await import('./sandbox-client.ts');
      return phone === 'wecom'
        ? await (await import('./wecom.ts')).wecomBridge(client.sandboxWw())
        : await (await import('./dingtalk.ts')).dingtalkBridge(client.sandboxDd());
    }
    if (/wxwork/i.test(navigator.userAgent)) {
      const [{ wecomBridge }, ww] = await Promise.all([import('./wecom.ts'), import('@wecom/jssdk')]);
      return await wecomBridge(ww);
    }
    if (/dingtalk/i.test(navigator.userAgent)) {
      const [{ dingtalkBridge }, dd] = await Promise.all([import('./dingtalk.ts'), import('dingtalk-jsapi')]);
      // The script's types ask for parameters that its pages call optional.
      return await dingtalkBridge(dd.default as unknown as Dd);
    }
  } catch {
    // Not signed, or too old a client: photos and positions still come by the browser.
  }
  return browserBridge();
}
