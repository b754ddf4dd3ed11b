import { currentVisitOf, stageOf, type DealDocument } from '../deals/index.js';
import { formatLimit, type Flow } from '../flow/index.js';

/** How a deal stands, for a card that comes too late. */
export function staleOf(deal: DealDocument, flow: Flow): { dealId: string; client: string; now: string } {
  const visit = currentVisitOf(deal);
  const stage = visit === undefined ? undefined : stageOf(flow, visit.stageId);
  const over = deal.status === 'won' ? '全部完成' : '已关闭';
  return {
    dealId: deal._id,
    client: deal.clientName,
    now: stage === undefined ? over : `「${stage.name}」，标准 ${formatLimit(stage.limit)}`,
  };
}
