import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { Context, Middleware } from 'koa';
import { projectRoot } from '../../core/index.js';

/** Where vite puts the pages. */
export const UI_DIR = join(projectRoot, 'build/ui');

/** In the sandbox a phone is an iframe on its own host; nowhere else may a page of ours stand in a frame of somebody else. */
const SANDBOX_HOSTS = 'http://127.0.0.1:* http://localhost:* http://*.localhost:*';

export interface HeaderOptions {
  sandbox: boolean;
  /** The page shows other pages in frames (the sandbox's phones open links). */
  frames?: boolean;
}

/** No inline script, no eval: templates are compiled when the pages are built. */
function contentPolicy({ sandbox, frames = false }: HeaderOptions, inlineStyle?: string, scriptHost = ''): string {
  return [
    "default-src 'self'",
    `script-src 'self'${scriptHost}`,
    `style-src 'self'${inlineStyle === undefined ? '' : ` 'sha256-${inlineStyle}'`}`,
    `img-src 'self' data: blob:${sandbox ? ` ${SANDBOX_HOSTS}` : ''}`,
    "media-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    // A link in a card may lead anywhere (a tender notice); the frame is the phone's browser.
    `frame-src ${frames ? `'self' https: ${SANDBOX_HOSTS}` : "'none'"}`,
    `frame-ancestors 'self'${sandbox ? ` ${SANDBOX_HOSTS}` : ''}`,
  ].join('; ');
}

/** What every answer of the pages carries. */
export function pageHeaders(options: HeaderOptions): Middleware {
  const policy = contentPolicy(options);
  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    await next();
  };
}

/** The one HTML page that mounts the Vue pages. */
export async function sendShell(ctx: Context, uiDir: string): Promise<void> {
  ctx.type = 'html';
  ctx.body = await readFile(join(uiDir, 'index.html'));
}

const MIME: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** `/ui/…`: built files. Their names carry a hash, so browsers may keep them for ever; the icon for an hour. */
export async function sendAsset(ctx: Context, uiDir: string, path: string): Promise<void> {
  const file = normalize(join(uiDir, path));
  const mime = MIME[extname(file)];
  if (mime === undefined || !file.startsWith(uiDir + sep)) return;
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) return;
  ctx.set('Cache-Control', path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600');
  ctx.set('Content-Type', mime);
  ctx.body = await readFile(file);
}

const NOTICE_STYLE = `
:root{color-scheme:light dark;--ink:#1f2329;--ink-2:#51565d;--ground:#f5f6f7;--paper:#fff;--line:#e5e6eb;--brand:#0b6e4f;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--ink-2:#b4b9c0;--ground:#1f2123;--paper:#17181a;--line:#2e3033;--brand:#3db38a;--on:#08150f}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:10px;padding:24px;text-align:center;
background:var(--ground);color:var(--ink);font:15px/1.6 'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans SC','Noto Sans CJK SC',sans-serif}
img{width:52px;height:52px;margin-bottom:8px}h1{margin:0;font-size:19px}p{margin:0;max-width:22em;color:var(--ink-2)}
a{display:block;width:min(100%,300px);margin-top:12px;border-radius:6px;background:var(--brand);color:var(--on);line-height:48px;text-decoration:none}
img.code{width:220px;height:220px;border-radius:8px;background:#fff}form{width:100%;display:flex;justify-content:center}
dl{width:min(100%,360px);margin:8px 0 0;padding:4px 16px;border-radius:8px;background:var(--paper);text-align:left}dl div{display:flex;gap:12px;padding:9px 0}dl div+div{border-top:1px solid var(--line)}dt{flex:none;width:64px;color:var(--ink-2)}dd{margin:0;min-width:0;overflow-wrap:anywhere}
img.photo{width:min(100%,720px);height:auto;border-radius:8px}
button{width:min(100%,300px);margin-top:12px;border:0;border-radius:6px;background:var(--brand);color:var(--on);font:inherit;line-height:48px}`;
const NOTICE_STYLE_HASH = createHash('sha256').update(NOTICE_STYLE).digest('base64');

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);

export interface Notice {
  status: number;
  title: string;
  text: string;
  links?: { href: string; text: string }[];
  /** Data URL of a picture shown in place of our sign. */
  picture?: string;
  /** What is known, in pairs. */
  facts?: { label: string; value: string }[];
  /** Address of a photo, shown large. */
  photo?: string;
  /** One button that does something: posted to the page's own address. */
  button?: string;
}

/** A plain page without script, for what happens before somebody is logged in. */
export function sendNotice(ctx: Context, notice: Notice, options: HeaderOptions): void {
  ctx.set('Content-Security-Policy', contentPolicy(options, NOTICE_STYLE_HASH));
  ctx.status = notice.status;
  ctx.type = 'html';
  ctx.body = noticePage(notice);
}

/** The client's JS API. https://open.dingtalk.com/document/development/jsapi-request-auth-code */
const DINGTALK_SCRIPT_HOST = 'https://g.alicdn.com';
const DINGTALK_SCRIPT = `${DINGTALK_SCRIPT_HOST}/dingding/dingtalk-jsapi/3.1.0/dingtalk.open.js`;

/** Inside DingTalk: `ui/public/dingtalk-login.js` asks the client for a code and goes on to `/login/dingtalk/done`. */
export function sendDingtalkLogin(
  ctx: Context,
  login: { corpId: string; clientId: string; state: string },
  options: HeaderOptions,
): void {
  ctx.set('Content-Security-Policy', contentPolicy(options, NOTICE_STYLE_HASH, ` ${DINGTALK_SCRIPT_HOST}`));
  ctx.type = 'html';
  const data = `data-corp-id="${escape(login.corpId)}" data-client-id="${escape(login.clientId)}" data-state="${escape(login.state)}"`;
  ctx.body = noticePage(
    { title: '正在登录', text: '请在钉钉里打开这个页面。' },
    `<script src="${DINGTALK_SCRIPT}"></script><script src="/ui/dingtalk-login.js" ${data}></script>`,
  );
}

function noticePage(notice: Omit<Notice, 'status'>, tail = ''): string {
  const sign =
    notice.picture === undefined
      ? '<img src="/ui/icon.svg" alt="">'
      : `<img class="code" src="${escape(notice.picture)}" alt="二维码">`;
  const photo = notice.photo === undefined ? '' : `<img class="photo" src="${escape(notice.photo)}" alt="留痕的副本">`;
  const rows = (notice.facts ?? []).map(
    ({ label, value }) => `<div><dt>${escape(label)}</dt><dd>${escape(value)}</dd></div>`,
  );
  const facts = rows.length === 0 ? '' : `<dl>${rows.join('')}</dl>`;
  const button =
    notice.button === undefined
      ? ''
      : `<form method="post"><button type="submit">${escape(notice.button)}</button></form>`;
  const links = (notice.links ?? []).map(({ href, text }) => `<a href="${escape(href)}">${escape(text)}</a>`).join('');
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(
    notice.title,
  )}</title><link rel="icon" href="/ui/icon.svg"><style>${NOTICE_STYLE}</style></head><body>${sign}<h1>${escape(
    notice.title,
  )}</h1><p>${escape(notice.text)}</p>${facts}${photo}${button}${links}${tail}</body></html>`;
}
