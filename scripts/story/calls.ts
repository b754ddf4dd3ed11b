import type { Browser } from './browser.js';

/** Calls of a platform's API so far, as the platform counts them; never as we do. */
export interface CallCount {
  calls: number;
  /** What the platform pushed to the app, and answers through the address of a message. */
  pushes: number;
  /** By the call's path. */
  byApi: Readonly<Record<string, number>>;
}

/** One chapter of the story: what it cost, and which items of the checklist it completed. */
export interface ChapterCost extends CallCount {
  chapter: string;
  items: string[];
}

interface DealTrace {
  stages: {
    visits: { items: { name: string; mark: string; submissions: { at: string; withdrawn: boolean }[] }[] }[];
  }[];
}

/** Counts what each chapter calls, by asking the platform's own meter before and after. */
export class CallMeter {
  readonly #chapters: (CallCount & { chapter: string; from: number; to: number })[] = [];
  #before: CallCount = { calls: 0, pushes: 0, byApi: {} };
  #from = 0;

  constructor(
    private readonly count: () => Promise<CallCount>,
    /** The story's clock, ms. */
    private readonly now: () => Promise<number>,
  ) {}

  async begins(): Promise<void> {
    this.#before = await this.count();
    this.#from = await this.now();
  }

  async ends(chapter: string): Promise<void> {
    const after = await this.count();
    const byApi = Object.fromEntries(
      Object.entries(after.byApi)
        .map(([api, calls]) => [api, calls - (this.#before.byApi[api] ?? 0)] as const)
        .filter(([, calls]) => calls > 0),
    );
    const calls = after.calls - this.#before.calls;
    const pushes = after.pushes - this.#before.pushes;
    this.#chapters.push({ chapter, calls, pushes, byApi, from: this.#from, to: await this.now() });
  }

  /** Each chapter with the items that the deal's page shows as done, by when they were handed in last. */
  async costs(browser: Browser, dealId: string): Promise<ChapterCost[]> {
    const deal = await browser.json<DealTrace>(`/api/m/deals/${dealId}`);
    const done = deal.stages.flatMap((stage) =>
      stage.visits.flatMap((visit) =>
        visit.items
          .filter((item) => item.mark === 'passed')
          .map((item) => ({
            name: item.name,
            at: Math.max(0, ...item.submissions.filter((one) => !one.withdrawn).map((one) => Date.parse(one.at))),
          })),
      ),
    );
    return this.#chapters.map(({ from, to, ...cost }) => ({
      ...cost,
      items: done.filter(({ at }) => at >= from && at < to).map(({ name }) => name),
    }));
  }
}

/** Of the chapters that completed something: calls a completed item, in the mean. */
export function meanCalls(costs: readonly ChapterCost[]): {
  calls: number;
  pushes: number;
  items: number;
  mean: number;
} {
  const working = costs.filter(({ items }) => items.length > 0);
  const items = working.reduce((sum, cost) => sum + cost.items.length, 0);
  const calls = working.reduce((sum, cost) => sum + cost.calls, 0);
  const pushes = working.reduce((sum, cost) => sum + cost.pushes, 0);
  return { calls, pushes, items, mean: items === 0 ? Number.POSITIVE_INFINITY : calls / items };
}

export function tableOf(costs: readonly ChapterCost[]): string[] {
  const short = (api: string): string => api.split('/').slice(-2).join('/');
  const rows = costs.map(({ chapter, items, calls, pushes, byApi }) => {
    const apis = Object.entries(byApi).sort(([, one], [, two]) => two - one);
    const each = items.length === 0 ? '' : `${(calls / items.length).toFixed(1)} 次/项`;
    return `  ${chapter}｜${items.length} 项｜${calls} 次｜${each}｜推送 ${pushes}｜${apis.map(([api, n]) => `${short(api)} ${n}`).join('、')}`;
  });
  const { calls, pushes, items, mean } = meanCalls(costs);
  return [...rows, `  合计（做完了事的章节）｜${items} 项｜${calls} 次｜${mean.toFixed(2)} 次/项｜推送 ${pushes}`];
}
