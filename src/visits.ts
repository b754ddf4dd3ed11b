import {
  asId,
  seal,
  stableId,
  unseal,
  type Clock,
  type DealId,
  type EventKey,
  type EvidenceId,
  type PersonId,
} from './core/index.js';
import { currentVisitOf, stageOf, type DealDocument } from './deals/index.js';
import type { House } from './house.js';
import type { VisitCodes } from './web/index.js';

/** `<deal>.<signature>`. */
export const visitToken = (secret: string, dealId: string): string => seal(secret, 'visit', dealId);

/** Null: forged, cut short, or not ours. */
export function openVisitToken(secret: string, token: string): DealId | null {
  const dealId = unseal(secret, 'visit', token);
  return dealId === null ? null : asId<DealId>(dealId);
}

export function createVisitCodes(deps: { house: House; secret: string; publicUrl: string; clock: Clock }): VisitCodes {
  const { house, secret, publicUrl } = deps;
  const isCheckingIn = async (person: PersonId, dealId: DealId): Promise<boolean> => {
    const question = (await house.sessions.peek(person))?.question;
    return question?.kind === 'item' && question.dealId === dealId && question.draft['witness'] === 'check-in';
  };
  /** The same as scanning in the chat: the bot answers there. */
  async function checkIn(viewer: Parameters<VisitCodes['confirm']>[0], deal: DealDocument, code: string) {
    const { platform, personId } = viewer;
    const from = house.org.person(personId)?.identities.find((one) => one.platform === platform)?.userId;
    if (from === undefined) return { done: false, text: '回聊天里签到。' };
    const now = deps.clock.now();
    await house.conversation.handle({
      key: asId<EventKey>(`check-in:${personId}:${deal._id}:${now.getTime()}`),
      platform,
      from,
      chat: { kind: 'single' },
      sentAt: now,
      body: { kind: 'scan', menuKey: 'scan', text: `${publicUrl}/s/${code}` },
    });
    return { done: true, text: `到${deal.clientName}记下了，回聊天里看。` };
  }
  return {
    async look(code) {
      const id = openVisitToken(secret, code);
      const deal = id === null ? null : await house.deals.get(id);
      return deal === null ? null : { clientName: deal.clientName, address: `${publicUrl}/s/${code}` };
    },
    async confirm(viewer, code) {
      const id = openVisitToken(secret, code);
      const deal = id === null ? null : await house.deals.get(id);
      if (deal === null) return { done: false, text: '不是留痕的签收码。' };
      if (deal.ownerId !== viewer.personId) return { done: false, text: '只有负责这个商机的销售能确认。' };
      if (await isCheckingIn(viewer.personId, deal._id)) return checkIn(viewer, deal, code);
      const visit = currentVisitOf(deal);
      const stage = visit === undefined ? undefined : stageOf(house.deals.flowOf(deal), visit.stageId);
      const item = stage?.items.find((one) => one.kind === 'scan');
      if (visit === undefined || item === undefined)
        return { done: false, text: '这个商机现在不需要签收，回聊天里看清单。' };
      const key = `visit:${visit.id}:${item.id}`;
      await house.deals.submit({
        key,
        dealId: deal._id,
        by: viewer.personId,
        platform: viewer.platform,
        itemId: item.id,
        evidenceId: stableId<EvidenceId>('ev', key),
        value: { kind: 'scan', code },
        expectedCode: code,
        askedAt: null,
      });
      return { done: true, text: `${deal.clientName}「${item.name}」已经记下，回聊天里看清单。` };
    },
  };
}
