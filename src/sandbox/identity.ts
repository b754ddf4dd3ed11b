import type { Call, Reply } from './http.js';
import type { PlatformName } from './types.js';
import { userIdOf, type World } from './world.js';

/** Which phone a browser is, on a stand-in's own pages. Cookies know no ports, so each platform has a name of its own. */
export function identityCookie(platform: PlatformName): string {
  return `sandbox_${platform}`;
}

export function isHttp(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}

const TITLES: Record<PlatformName, string> = { wecom: '企业微信（沙箱）', dingtalk: '钉钉（沙箱）' };

/** A browser that is no phone: choose who you are, as one would by scanning the login code. */
export function choosePerson(world: World, platform: PlatformName, call: Call): Reply {
  const rows = world.directory.people.flatMap((person) => {
    const userId = userIdOf(platform, person);
    if (userId === undefined) return [];
    const query = new URLSearchParams(call.query);
    query.set('sandbox_user', userId);
    const place = [person.region, person.team, person.title].filter(Boolean).join(' · ');
    const href = escape(`${call.path}?${query.toString()}`);
    return [`<li><a href="${href}"><b>${escape(person.name)}</b><span>${escape(place)}</span></a></li>`];
  });
  const title = TITLES[platform];
  const body = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>${title}登录</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>
body{font:16px/1.6 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans SC",sans-serif;margin:0;background:#f4f6f8;color:#1b2530}
main{max-width:26rem;margin:8vh auto;padding:0 1rem}h1{font-size:1.25rem;margin:0 0 .25rem}p{margin:0 0 1rem;color:#5b6875}
ul{list-style:none;margin:0;padding:0;background:#fff;border-radius:12px;overflow:hidden;box-shadow:0 1px 3px rgba(0,0,0,.08)}
li+li{border-top:1px solid #eef1f4}a{display:flex;justify-content:space-between;gap:1rem;padding:.75rem 1rem;color:inherit;text-decoration:none}
a:hover,a:focus-visible{background:#f0f6ff}span{color:#5b6875;font-size:.875rem}</style></head>
<body><main><h1>${title}登录</h1><p>真实环境里用手机扫码，这里请直接选择身份。</p><ul>${rows.join('')}</ul></main></body></html>`;
  return { body, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
