import type { Delivery, DeliveryReceipt } from '../contract.js';

/**
 * Several apps of one company: what one of them gave (a response_code, a msgid) only that one can use again. So it is kept
 * with the AgentId before it; what is the first app's stands bare, as it always did.
 */
const OF_APP = /^(\d{1,15})\|(.*)$/s;

export const ofApp = (app: string | undefined, id: string): string => (app === undefined ? id : `${app}|${id}`);

export function splitApp(id: string): { app: string | undefined; id: string } {
  const [, app, rest] = OF_APP.exec(id) ?? [];
  return app === undefined || rest === undefined ? { app: undefined, id } : { app, id: rest };
}

type Deliver = (delivery: Delivery) => Promise<DeliveryReceipt>;

/** A card is changed by the app that sent it; everything else leaves by the app that the person talks to. */
export function deliverByApp(delivererOf: (app: string | undefined) => Deliver): Deliver {
  return async (delivery) => {
    const { body, to } = delivery;
    const wanted = to.kind === 'person' ? to.app : undefined;
    const newest = body.kind === 'card-update' ? body.handles.at(-1) : undefined;
    const app = newest === undefined ? wanted : splitApp(newest).app;
    const own =
      body.kind === 'card-update'
        ? { ...body, handles: body.handles.map(splitApp).flatMap((one) => (one.app === app ? [one.id] : [])) }
        : body;
    const receipt = await delivererOf(app)({ ...delivery, body: own });
    const { messageId, handle, usedHandles } = receipt;
    return {
      how: receipt.how,
      ...(messageId === undefined ? {} : { messageId: ofApp(app, messageId) }),
      ...(handle === undefined ? {} : { handle: ofApp(app, handle) }),
      ...(usedHandles === undefined ? {} : { usedHandles: usedHandles.map((one) => ofApp(app, one)) }),
    };
  };
}
