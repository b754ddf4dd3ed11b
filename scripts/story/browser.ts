import type { PlatformName } from '../../src/platforms/contract.js';

interface Views {
  digest: { penetration: { id: string }; stages: { id: string }[]; lights: { figure: string }[] };
  figure: { people: { deals: { dealId: string; evidence: { id: string; hasPicture: boolean }[] }[] }[] };
  deal: {
    stages: { visits: { items: { mark: string; submissions: { evidenceId: string; hasPicture: boolean }[] }[] }[] }[];
  };
  evidence: { id: string; hasPicture: boolean; findings: unknown[] };
}

/** How WeCom's client names itself: a browser by itself is shown a code to scan. DingTalk's own login needs a script, so there it is a browser. */
const CLIENT: Record<PlatformName, Record<string, string>> = {
  wecom: { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) MicroMessenger/7.0.1 wxwork/4.1.22' },
  dingtalk: {},
};

/** A person's browser inside the chat client: cookies, redirects, the platform's own login. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(
    private readonly base: string,
    private readonly platform: PlatformName,
    private readonly userId: string,
  ) {}

  async get(address: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Response> {
    let url = new URL(address, this.base);
    for (let hop = 0; hop < 12; hop++) {
      // The stand-in asks who holds this phone.
      if (/\/connect\/(oauth2\/)?authorize$/u.test(url.pathname)) url.searchParams.set('sandbox_user', this.userId);
      const jar = this.#cookies.get(url.host) ?? new Map<string, string>();
      this.#cookies.set(url.host, jar);
      const answer = await fetch(url, {
        method,
        redirect: 'manual',
        ...(body === undefined ? {} : { body }),
        headers: {
          ...headers,
          ...CLIENT[this.platform],
          cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        },
      });
      for (const line of answer.headers.getSetCookie()) {
        const [pair = ''] = line.split(';');
        const at = pair.indexOf('=');
        jar.set(pair.slice(0, at), pair.slice(at + 1));
      }
      const to = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || to === null) return answer;
      url = new URL(to, url);
    }
    throw new Error(`too many redirects from ${address}`);
  }

  async login(path: string): Promise<void> {
    const separator = path.includes('?') ? '&' : '?';
    const page = await this.get(path.includes('p=') ? path : `${path}${separator}p=${this.platform}`);
    if (!page.ok) throw new Error(`login ended with ${page.status}: ${(await page.text()).slice(0, 200)}`);
  }

  async json<T>(path: string): Promise<T> {
    const answer = await this.get(path, { accept: 'application/json' });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 200)}`);
    return JSON.parse(text) as T;
  }

  /** The visit's code opened in the chat client: shown by GET, confirmed by POST. */
  async confirmVisit(address: string): Promise<void> {
    const page = await this.get(address);
    if (!page.ok) throw new Error(`the visit code answers ${page.status}`);
    const done = await this.get(address, { 'x-trailmark': '1' }, 'POST');
    if (!done.ok)
      throw new Error(`the visit could not be confirmed: ${done.status} ${(await done.text()).slice(0, 200)}`);
  }

  /** Checklist items of a deal that are done, as its page shows them. */
  async itemsDone(dealId: string): Promise<number> {
    const deal = await this.json<Views['deal']>(`/api/m/deals/${dealId}`);
    const items = deal.stages.flatMap((stage) => stage.visits.flatMap((visit) => visit.items));
    return items.filter((item) => item.mark === 'passed').length;
  }

  /** From the link in the group to the picture, every step by what the step before gave. */
  async digestToPhoto(address: string): Promise<{ bytes: number; mime: string; path: string }> {
    const link = new URL(address);
    await this.login(link.pathname + link.search);
    const digestId = link.pathname.split('/').at(-1) ?? '';
    const digest = await this.json<Views['digest']>(`/api/m/digest/${digestId}`);
    const figures = [
      digest.penetration.id,
      ...digest.stages.map((stage) => stage.id),
      ...digest.lights.map((light) => light.figure),
    ];
    for (const figure of figures) {
      const { people } = await this.json<Views['figure']>(`/api/m/figure/${digestId}/${figure}`);
      for (const { dealId, evidence } of people.flatMap((person) => person.deals)) {
        const deal = await this.json<Views['deal']>(`/api/m/deals/${dealId}`);
        const inDeal = deal.stages.flatMap((stage) =>
          stage.visits.flatMap((visit) => visit.items.flatMap((item) => item.submissions)),
        );
        const candidates = [
          ...evidence.filter((one) => one.hasPicture).map((one) => one.id),
          ...inDeal.filter((one) => one.hasPicture).map((one) => one.evidenceId),
        ];
        for (const evidenceId of candidates) {
          const view = await this.json<Views['evidence']>(`/api/m/evidence/${evidenceId}`);
          if (!view.hasPicture) continue;
          const picture = await this.get(`/api/m/evidence/${evidenceId}/picture`);
          if (!picture.ok) continue;
          const bytes = (await picture.arrayBuffer()).byteLength;
          return {
            bytes,
            mime: picture.headers.get('content-type') ?? '',
            path: `digest → ${figure} → ${dealId} → ${evidenceId} → ${bytes} bytes`,
          };
        }
      }
    }
    throw new Error('no figure of the digest led to a picture');
  }
}
