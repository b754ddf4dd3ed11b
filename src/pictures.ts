import { z } from 'zod';
import { DAY, seal, unseal, type Clock } from './core/index.js';
import { drawDigestBanner, type Insights } from './insights/index.js';
import type { Pictures } from './web/index.js';

/** A platform's client fetches a card's picture without our login: its address says what of, and until when it opens. */
const PURPOSE = 'picture';
const LIFE_MS = 7 * DAY;
const Words = z.tuple([z.string(), z.number().int()]);

/** Ticket of the picture of a digest, `[0-9A-Za-z_.-]`. */
export function pictureTicket(secret: string, digestId: string, now: Date): string {
  const words = [digestId, now.getTime() + LIFE_MS];
  return seal(secret, PURPOSE, Buffer.from(JSON.stringify(words)).toString('base64url'));
}

export function createPictures(deps: { insights: Pick<Insights, 'digest'>; secret: string; clock: Clock }): Pictures {
  return {
    async draw(ticket) {
      const words = unseal(deps.secret, PURPOSE, ticket);
      if (words === null) return null;
      const [digestId, until] = Words.parse(JSON.parse(Buffer.from(words, 'base64url').toString()));
      const digest = deps.clock.now().getTime() < until ? await deps.insights.digest(digestId) : null;
      return digest === null ? null : drawDigestBanner(digest);
    },
  };
}
