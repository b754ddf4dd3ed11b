import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { BadInputError, HOUR } from '../../core/index.js';
import type { Viewer } from '../backend.js';
import type { Captures, Sending } from '../captures.js';
import type { Login } from './login.js';
import { readBytes } from './json.js';
import { sendShell } from './shell.js';

/** Beside the photo there are only a position and a sentence. */
const FIELDS_BYTES = 64 * 1024;
const TICKET = /^[\w.-]{20,600}$/;

const Fields = z.object({
  id: z.string().regex(/^[\w-]{8,64}$/),
  media: z.string().min(1).max(512).optional(),
  position: z
    .string()
    .max(4_000)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('not JSON');
        return z.NEVER;
      }
    })
    .pipe(
      z.object({
        from: z.enum(['browser', 'client']),
        result: z.unknown(),
        agoMs: z.coerce
          .number()
          .min(0)
          .max(24 * HOUR)
          .default(0),
      }),
    )
    .optional(),
  code: z.string().max(2_000).optional(),
  note: z.string().trim().min(1).max(500).optional(),
});

type Params = Context & { params: Record<string, string> };

/** `/c/:ticket`, and what it asks and sends under `/api/m/captures/:ticket`. */
export function addCaptureRoutes(
  router: Router,
  api: Router,
  deps: { captures: Captures; login: Login; headers: Middleware; uiDir: string },
  answer: <T>(ask: (viewer: Viewer, ctx: Params) => Promise<T>) => (ctx: Params) => Promise<void>,
): void {
  const { captures, login } = deps;
  const ticketOf = (ctx: Params): string => {
    const ticket = ctx.params['ticket'] ?? '';
    if (!TICKET.test(ticket)) {
      const say = '这个链接不对，可能没复制全。从聊天里的卡片重新打开。';
      throw new BadInputError('capture.bad_ticket', 'not a ticket', { say });
    }
    return ticket;
  };

  router.get('/c/:ticket', deps.headers, async (ctx) => {
    if ((await login.viewer(ctx)) === null) login.ask(ctx);
    else await sendShell(ctx, deps.uiDir);
  });

  api.get(
    '/captures/:ticket',
    answer((viewer, ctx) => {
      const { sent } = ctx.query;
      return captures.look(viewer, ticketOf(ctx), typeof sent === 'string' ? sent : undefined);
    }),
  );

  const send = async (viewer: Viewer, ctx: Params): Promise<{ ok: true }> => {
    const ticket = ticketOf(ctx);
    const { maxBytes } = await captures.look(viewer, ticket);
    await captures.send(viewer, ticket, await readSending(ctx, maxBytes));
    return { ok: true };
  };
  api.post('/captures/:ticket', async (ctx) => {
    // A client that uploads beside the page brings no cookie: it holds the key that the page was given.
    const key = ctx.get('x-upload-key');
    const viewer = key === '' ? null : captures.viewerOf(ticketOf(ctx), key);
    if (viewer === null) await answer(send)(ctx);
    else ctx.body = await send(viewer, ctx);
  });
}

/** `multipart/form-data`, one file at most. */
async function readSending(ctx: Context, maxBytes: number): Promise<Sending> {
  const tooLarge = { say: `照片太大了，最大 ${Math.floor(maxBytes / 1024 / 1024)} MB。` };
  const body = await readBytes(ctx, maxBytes + FIELDS_BYTES, tooLarge);
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': ctx.get('content-type') },
    }).formData();
  } catch (cause) {
    throw new BadInputError('request.not_form', 'the body is not a form', { cause });
  }
  const file = form.get('photo');
  const texts = [...form].filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const fields = Fields.safeParse(Object.fromEntries(texts));
  if (!fields.success)
    throw new BadInputError('request.bad_field', fields.error.issues.map(({ path }) => path.join('.')).join(' '));
  const { id, media, position, code, note } = fields.data;
  return {
    id,
    ...(file instanceof File
      ? { file: { bytes: new Uint8Array(await file.arrayBuffer()), name: file.name.slice(0, 200) || 'photo.jpg' } }
      : {}),
    ...(media === undefined ? {} : { media }),
    ...(position === undefined ? {} : { position }),
    ...(code === undefined ? {} : { code }),
    ...(note === undefined ? {} : { note }),
  };
}
