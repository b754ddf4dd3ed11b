import { systemClock } from '../src/core/index.js';
import { createEquipmentList } from '../src/deals/index.js';
import { createInsights } from '../src/insights/index.js';
import { createCalendar, createEquipment, createOrg } from '../src/org/index.js';
import { operate } from './shared/operate.js';

/**
 * `npm run rebuild -- [--verify]`: makes the obligations anew from the event log, and the clients' equipment from deals and evidence; with
 * `--verify` it only compares.
 */
const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--verify')) {
  console.error('usage: npm run rebuild -- [--verify]');
  process.exitCode = 2;
} else {
  operate(async ({ connection }, config) => {
    const verifyOnly = args.includes('--verify');
    const calendar = createCalendar({ zone: config.zone });
    const org = createOrg({ connection, clock: systemClock, calendar });
    const insights = createInsights({ connection, clock: systemClock, org, calendar, flows: () => [] });
    const devices = createEquipmentList({ connection, equipment: createEquipment({ connection }) });
    const parts = [await insights.rebuild({ verifyOnly }), await devices.rebuild({ verifyOnly })];
    const compared = parts.reduce((sum, part) => sum + part.compared, 0);
    const different = parts.flatMap((part) => part.different);
    for (const id of different) console.error(`different ${id}`);
    console.log(`${compared} compared, ${different.length} different`);
    return verifyOnly && different.length > 0 ? 1 : 0;
  });
}
