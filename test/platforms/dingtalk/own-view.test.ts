import test from 'ava';
import { FixedClock } from '../../../src/core/index.js';
import type { FilledCard } from '../../../src/cards/index.js';
import { toCallbackResponse, toCardRequest, toUpdateRequest } from '../../../src/platforms/dingtalk/encode.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { checklistCard } from '../../contracts/samples.js';
import { memoryLog } from './harness.js';
import { startVendor } from './vendor.js';

/** Private data: some people see other buttons on a group's card (docs of the vendor: public-private-and-local-data). */
const group = { kind: 'group', chatId: 'cidQ1w==' } as const;
const rep = { kind: 'person', userId: 'staff01' } as const;
const how = { cardTemplateId: 'T.schema', robotCode: 'R', callbackRouteKey: 'trailmark', mode: 'stream' } as const;
const [first, ...rest] = checklistCard().actions.map(({ key }) => key);
const card = (actions: readonly string[]): FilledCard => ({
  ...checklistCard(),
  hides: [{ userId: 'staff01', actions }],
});

interface Wire {
  cardData: { cardParamMap: { buttons: string } };
  privateData?: Record<string, { cardParamMap: Record<string, string> }>;
  userPrivateData?: { cardParamMap: Record<string, string> };
}
const ids = (buttons = ''): string[] => (JSON.parse(buttons) as { id: string }[]).map(({ id }) => id);

test('who has no use for a button does not get it, when the card is made, changed and pressed; all others do', (t) => {
  const hiding = card([first!]);
  for (const sent of [toCardRequest(hiding, 'c1', group, how), toUpdateRequest(hiding, 'c1', group)] as Wire[]) {
    t.deepEqual(ids(sent.cardData.cardParamMap.buttons), [first, ...rest]);
    t.deepEqual(Object.keys(sent.privateData ?? {}), ['staff01']);
    const own = sent.privateData?.['staff01']?.cardParamMap ?? {};
    t.deepEqual(Object.keys(own), ['buttons'], 'everything else stays everybody’s, and changes with it');
    t.deepEqual(ids(own['buttons']), rest);
  }
  t.deepEqual(ids((toCallbackResponse(hiding, 'staff01') as Wire).userPrivateData?.cardParamMap['buttons']), rest);
  t.false('userPrivateData' in toCallbackResponse(hiding, 'staff02'));
  const shownAgain = toUpdateRequest(card([]), 'c1', group) as Wire;
  t.deepEqual(ids(shownAgain.privateData?.['staff01']?.cardParamMap['buttons']), [first, ...rest]);
  const closed = toUpdateRequest({ ...hiding, closed: '已结束' }, 'c1', group) as Wire;
  t.is(closed.privateData?.['staff01']?.cardParamMap['buttons'], '[]');
  t.false('privateData' in toCardRequest(hiding, 'c1', rep, how), 'one-to-one there is nobody else');
  t.false('privateData' in toCardRequest(checklistCard(), 'c1', group, how));
});

test('when that person is gone, the card goes to all without hiding anything', async (t) => {
  const isGone = (body: unknown): boolean => typeof body === 'object' && body !== null && 'privateData' in body;
  const vendor = await startVendor(({ path, body }) => {
    if (isGone(body)) return { status: 400, json: { code: 'param.userIdNotExist', message: '' } };
    const result = { outTrackId: 'c1', deliverResults: [{ success: true, carrierId: 'k-1', errorMsg: '' }] };
    if (path.endsWith('/createAndDeliver')) return { status: 200, json: { success: true, result } };
    return path.endsWith('/card/instances') ? { status: 200, json: { success: true, result: true } } : undefined;
  });
  const adapter = createDingtalkAdapter({
    settings: vendor.settings,
    clock: new FixedClock('2025-10-09T08:00:00Z'),
    log: memoryLog().log,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
  });
  t.teardown(async () => {
    await adapter.stop();
    await vendor.close();
  });
  const body = { cardId: 'c1' as never, card: card([first!]) };
  t.is((await adapter.deliver({ key: 'a', to: group, body: { kind: 'card', ...body } })).how, 'sent');
  const changed = await adapter.deliver({ key: 'b', to: group, body: { kind: 'card-update', ...body, handles: [] } });
  t.is(changed.how, 'updated');
  t.deepEqual(
    vendor.asked.filter(({ path }) => path.includes('/card/instances')).map((asked) => isGone(asked.body)),
    [true, false, true, false],
  );
});
