import { createHmac, timingSafeEqual } from 'node:crypto';
import { asId, stableId, type Clock, type DealId, type EvidenceId } from './core/index.js';
import { currentVisitOf, stageOf } from './deals/index.js';
import type { House } from './house.js';
import type { VisitCodes } from './web/index.js';

/** `<deal>.<signature>`: HMAC-SHA256 under a key of its own, cut to 128 bit so that it fits a small picture. */
export function visitToken(secret: string, dealId: string): string {
  const key = createHmac('sha256', secret).update('visit').digest();
  return `${dealId}.${createHmac('sha256', key).update(dealId).digest('base64url').slice(0, 22)}`;
}

/** Null: forged, cut short, or not ours. */
export function openVisitToken(secret: string, token: string): DealId | null {
  const dealId = token.slice(0, token.lastIndexOf('.'));
  if (dealId === '') return null;
  const [given, right] = [Buffer.from(token), Buffer.from(visitToken(secret, dealId))];
  return given.length === right.length && timingSafeEqual(given, right) ? asId<DealId>(dealId) : null;
}

export function createVisitCodes(deps: { house: House; secret: string; publicUrl: string; clock: Clock }): VisitCodes {
  const { house, secret, publicUrl } = deps;
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
