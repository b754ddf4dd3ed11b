import type Router from '@koa/router';

/** Pictures on cards, by tickets; whoever has one sees the picture until its time is over. */
export interface Pictures {
  /** PNG. Null: forged, over, or gone. */
  draw(ticket: string): Promise<Uint8Array | null>;
}

/** Longer than any ticket of ours. */
const MAX_TICKET = 300;

/** `GET /p/:ticket`: fetched by the platforms' clients, which carry no login. */
export function addPictureRoutes(router: Router, pictures: Pictures): void {
  router.get('/p/:ticket', async (ctx) => {
    const ticket = ctx.params['ticket'] ?? '';
    const picture = ticket.length > MAX_TICKET ? null : await pictures.draw(ticket);
    if (picture === null) return;
    ctx.type = 'image/png';
    ctx.set('cache-control', 'private, max-age=86400');
    ctx.body = Buffer.from(picture);
  });
}
