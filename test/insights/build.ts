import { asId, DAY, type DealId } from '../../src/core/index.js';
import type { DealEvent, DealEventType, DealFacts } from '../../src/deals/index.js';
import { foldDeal, type Obligation } from '../../src/insights/obligation.js';

/** Local time of Shanghai. */
export const sh = (text: string) =>
  new Date(`${text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')}:00+08:00`);

type Body<T extends DealEventType> = Omit<Extract<DealEvent, { type: T }>['data'], keyof DealFacts>;

/** Writes the events of one deal, a version each unless `same` is asked for. */
export class History {
  readonly events: DealEvent[] = [];
  #ver = 0;
  #n = 0;
  constructor(
    readonly dealId: string,
    readonly facts: Partial<DealFacts> = {},
  ) {}

  add<T extends DealEventType>(type: T, at: Date, data: Body<T>, { same = false } = {}): this {
    this.#n = same ? this.#n + 1 : 0;
    if (!same) this.#ver++;
    const facts: DealFacts = {
      dealId: asId(this.dealId),
      clientId: asId('client-1'),
      clientName: '城东医院',
      ownerId: asId('rep-1'),
      teamId: 'team-1',
      regionId: 'region-1',
      productLine: '体外诊断',
      flowId: 'medical-device',
      flowHash: 'abc',
      ...this.facts,
    };
    this.events.push({
      _id: `${this.dealId}:${this.#ver}:${this.#n}`,
      type,
      aggregate: 'deals',
      aggregateId: this.dealId,
      ver: this.#ver,
      n: this.#n,
      at,
      data: { ...facts, ...data },
    } as unknown as DealEvent);
    return this;
  }

  enter(stageId: string, at: Date, dueAt: Date, items = ['a'], options: { same?: boolean; limit?: string } = {}): this {
    return this.add(
      'stage.entered',
      at,
      {
        visitId: asId(`${this.dealId}/${stageId}`),
        stageId,
        stageName: stageId,
        dueAt,
        limit: options.limit ?? '5 工作日',
        required: items.map((itemId) => ({ itemId, itemName: `材料${itemId}` })),
      },
      options,
    );
  }
  submit(stageId: string, itemId: string, at: Date, verdict?: 'passed' | 'failed' | 'review' | 'unchecked'): this {
    const visitId = asId<Obligation['_id']>(`${this.dealId}/${stageId}`);
    const evidenceId = asId<Obligation['submissions'][number]['evidenceId']>(`${this.dealId}-e${this.events.length}`);
    this.add('evidence.submitted', at, {
      visitId,
      stageId,
      itemId,
      itemName: `材料${itemId}`,
      itemKind: 'photo',
      evidenceId,
    });
    if (verdict) {
      const codes = verdict === 'passed' ? [] : ['photo.fresh'];
      this.add('evidence.judged', at, { visitId, stageId, itemId, evidenceId, status: verdict, codes, first: true });
      if (verdict === 'passed') this.add('item.passed', at, { visitId, stageId, itemId }, { same: true });
    }
    return this;
  }
  pass(stageId: string, at: Date, options: { same?: boolean; exempted?: number } = {}): this {
    const visitId = asId<Obligation['_id']>(`${this.dealId}/${stageId}`);
    return this.add('stage.passed', at, { visitId, stageId, exempted: options.exempted ?? 0 }, options);
  }
  rows(): Obligation[] {
    return foldDeal(this.events);
  }
}

let made = 0;
/** One obligation that nobody cares about, but for what is given. */
export function row(
  given: Partial<Omit<Obligation, 'ownerId' | 'dealId'>> & { ownerId?: string; dealId?: string } = {},
): Obligation {
  const no = ++made;
  const dueAt = given.dueAt ?? sh('2026-11-20 18:00');
  const dealId = asId<DealId>(given.dealId ?? `deal-${no}`);
  return {
    _id: asId(`visit-${no}`),
    clientId: asId('client-1'),
    clientName: '城东医院',
    teamId: 'team-1',
    regionId: 'region-1',
    productLine: '体外诊断',
    flowId: 'medical-device',
    flowHash: 'abc',
    stageId: 'screening',
    stageName: '需求初筛',
    limit: '3 工作日',
    required: [{ itemId: 'a', itemName: '材料a' }],
    enteredAt: new Date(dueAt.getTime() - 3 * DAY),
    state: 'open',
    endedAt: null,
    passedItems: [],
    exemptItems: [],
    exempted: 0,
    submissions: [],
    skipAttempts: 0,
    lastEventAt: new Date(dueAt.getTime() - 3 * DAY),
    postponed: null,
    ver: 1,
    n: 1,
    ...given,
    dueAt,
    dealId,
    ownerId: asId(given.ownerId ?? 'rep-1'),
  };
}
export const passed = (given: Parameters<typeof row>[0] = {}, at?: Date) =>
  row({ state: 'passed', passedItems: ['a'], endedAt: at ?? given.dueAt ?? sh('2026-11-19 10:00'), ...given });
