import type { Middleware } from 'koa';
import { sendNotice } from './shell.js';

/** Addresses that nobody answered: a page for people, the bare 404 for programs. */
export function answerUnknown({ sandbox }: { sandbox: boolean }): Middleware {
  const links = [sandbox ? { href: '/sandbox', text: '回到沙盒' } : { href: '/m', text: '打开留痕' }];
  const notice = { status: 404, title: '没有这个页面', text: '链接可能不完整，从聊天里重新点开试试。', links };
  return async (ctx, next) => {
    await next();
    const isPage = (ctx.method === 'GET' || ctx.method === 'HEAD') && ctx.accepts('json', 'html') === 'html';
    if (isPage && ctx.status === 404 && ctx.body === undefined) sendNotice(ctx, notice, { sandbox });
  };
}
