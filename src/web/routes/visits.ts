import type Router from '@koa/router';
import type { Middleware } from 'koa';
import QRCode from 'qrcode';
import type { Viewer } from '../backend.js';
import type { Login } from './login.js';
import { sendNotice } from './shell.js';

/** The signed code of a deal's visit: shown to the client as a picture, confirmed by the deal's owner. */
export interface VisitCodes {
  /** Null: not a code of ours. */
  look(code: string): Promise<{ clientName: string; address: string } | null>;
  /** What the owner is told, in Chinese. Safe to repeat. */
  confirm(viewer: Viewer, code: string): Promise<{ done: boolean; text: string }>;
}

/** `GET` shows, `POST` confirms: chat apps and scanners fetch links ahead of people. */
export function addVisitRoutes(
  router: Router,
  deps: { visits: VisitCodes; login: Login; headers: Middleware; sandbox: boolean },
): void {
  const unknown = {
    status: 404,
    title: '这个码不对',
    text: '不是留痕的签收码，或者抄漏了字符。请重新打开聊天里的链接。',
  };

  router.get('/s/:code', deps.headers, async (ctx) => {
    const code = ctx.params['code'] ?? '';
    const visit = await deps.visits.look(code);
    if (visit === null) {
      sendNotice(ctx, unknown, deps);
      return;
    }
    const viewer = await deps.login.viewer(ctx);
    sendNotice(
      ctx,
      {
        status: 200,
        title: `${visit.clientName} 签收码`,
        text: viewer === null ? '请客户出示这个码，由负责的销售扫描。' : '客户已经签收，就点下面的按钮。',
        picture: await QRCode.toDataURL(visit.address, { margin: 2, width: 440, errorCorrectionLevel: 'M' }),
        ...(viewer === null
          ? { links: [{ href: `/s/${code}/login`, text: '我是负责的销售' }] }
          : { button: '确认签收' }),
      },
      deps,
    );
  });

  router.get('/s/:code/login', deps.headers, async (ctx) => {
    const code = ctx.params['code'] ?? '';
    if ((await deps.login.viewer(ctx)) === null) deps.login.ask(ctx);
    else ctx.redirect(`/s/${code}`);
  });

  router.post('/s/:code', deps.headers, async (ctx) => {
    const code = ctx.params['code'] ?? '';
    const viewer = await deps.login.viewer(ctx);
    if (viewer === null) {
      deps.login.ask(ctx);
      return;
    }
    const { done, text } = await deps.visits.confirm(viewer, code);
    sendNotice(ctx, { status: done ? 200 : 409, title: done ? '签收已记下' : '没有记下', text }, deps);
  });
}
