import { DEMO_FLOW, pastSteps } from '../../src/demo-deals.js';
import {
  asId,
  createLogger,
  DAY,
  systemClock,
  type ClientId,
  type DealId,
  type PersonId,
} from '../../src/core/index.js';
import { createEvidence } from '../../src/evidence/index.js';
import { wireHouse } from '../../src/house.js';
import type { Client, DemoDeal, Person } from '../../src/org/index.js';
import { operate } from '../shared/operate.js';
import { MANY } from './cast.js';

/**
 * What somebody brings into the company while the server stands still: a second lawyer, and a rep with more deals than one
 * list on a card holds, one of them a step before the contract.
 */
operate(async (store, config) => {
  const now = systemClock.now();
  const log = createLogger('warn');
  // Nothing is looked at here: its workers begin with the first file.
  const evidence = createEvidence({ workers: 1, ocr: 'tesseract', log });
  const house = await wireHouse({
    store,
    clock: systemClock,
    log,
    evidence,
    zone: config.zone,
    publicUrl: 'http://127.0.0.1',
    visitCode: (dealId) => dealId,
    captureUrl: () => '',
    phoneKey: () => '',
    openPlatforms: () => ({ adapters: new Map(), callbacks: {}, makeMenu: () => Promise.resolve() }),
  });
  const owner = asId<PersonId>(MANY.owner);
  const deals = Array.from({ length: MANY.deals }, (_, n) => dealOf(n, owner));
  const ready: DemoDeal = {
    ...dealOf(MANY.deals, owner),
    id: asId<DealId>(MANY.dealId),
    clientId: asId<ClientId>(MANY.clientId),
    openedDaysAgo: 20,
    stageId: 'contract',
  };
  await house.org.save({
    people: [lawyer],
    clients: [
      ...deals.map(({ clientId }, n) => clientOf(clientId, `社区${n + 1}院`)),
      clientOf(ready.clientId, MANY.client),
    ],
  });
  for (const deal of [...deals, ready]) {
    // The last item before the contract is left to be done.
    const steps = pastSteps(deal, house, now).slice(0, deal === ready ? -2 : undefined);
    await house.deals.importDeal(
      {
        id: deal.id,
        key: `story:${deal.id}`,
        clientId: deal.clientId,
        ownerId: owner,
        productLine: deal.productLine,
        flowId: DEMO_FLOW,
        demo: true,
        openedAt: new Date(now.getTime() - deal.openedDaysAgo * DAY),
      },
      steps,
    );
  }
  await house.relay.idle();
  await evidence.close();
  return 0;
});

const lawyer: Person = {
  id: asId<PersonId>(MANY.lawyer),
  name: '法务专员二',
  title: '法务',
  role: 'legal',
  identities: [{ platform: 'wecom', userId: MANY.lawyer }],
  absences: [],
  demo: true,
};

function dealOf(n: number, ownerId: PersonId): DemoDeal {
  return {
    id: asId<DealId>(`story-deal-${n + 1}`),
    clientId: asId<ClientId>(`story-client-${n + 1}`),
    ownerId,
    productLine: '体外诊断',
    openedDaysAgo: 0,
    stageId: 'assigned',
  };
}

function clientOf(id: ClientId, name: string): Client {
  return { id, name, aliases: [], sites: [], demo: true };
}
