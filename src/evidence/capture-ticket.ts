import { z } from 'zod';
import { asId, seal, unseal, type CaptureAsk } from '../core/index.js';

/**
 * 取证票据: who was asked for which item of which stay of a deal, and when, sealed in the address of the capture page. Nothing
 * is kept of it; whether it still opens is looked up in the deal each time.
 */

const PURPOSE = 'capture';
const Words = z.tuple([z.string(), z.string(), z.string(), z.string(), z.number().int()]);

/** `[0-9A-Za-z_.-]`, stands in an address as it is. */
export function captureTicket(secret: string, ask: CaptureAsk): string {
  const words = [ask.personId, ask.dealId, ask.visitId, ask.itemId, ask.askedAt.getTime()];
  return seal(secret, PURPOSE, Buffer.from(JSON.stringify(words)).toString('base64url'));
}

/** Null: not a ticket of ours. */
export function openCaptureTicket(secret: string, ticket: string): CaptureAsk | null {
  const words = unseal(secret, PURPOSE, ticket);
  if (words === null) return null;
  const [personId, dealId, visitId, itemId, at] = Words.parse(JSON.parse(Buffer.from(words, 'base64url').toString()));
  return { personId: asId(personId), dealId: asId(dealId), visitId: asId(visitId), itemId, askedAt: new Date(at) };
}
