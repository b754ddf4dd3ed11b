import { PlatformRefusedError } from '../../core/index.js';
import type { WecomClient } from './client.js';

/**
 * The menu under the chat. First level at most 3 items of 16 bytes (five Chinese characters), second level 5 of 40 bytes.
 * https://developer.work.weixin.qq.com/document/path/90231
 */
const MENU: readonly MenuItem[] = [
  {
    name: '现场',
    sub_button: [
      // The client waits for our answer to what was scanned; `scancode_push` would open it itself.
      { type: 'scancode_waitmsg', name: '扫码', key: 'scan' },
      // Camera only: the album cannot be opened from here.
      { type: 'pic_sysphoto', name: '拍照', key: 'photo' },
    ],
  },
  { type: 'click', name: '我的商机', key: 'my-deals' },
  {
    name: '更多',
    sub_button: [
      { type: 'click', name: '我的待办', key: 'my-todos' },
      { type: 'click', name: '帮助', key: 'help' },
    ],
  },
];

interface MenuItem {
  name: string;
  type?: string;
  key?: string;
  sub_button?: readonly MenuItem[];
}

const NO_MENU = 46003;

/** Makes the menu what it should be; `same` when it was already. */
export async function setMenu(client: WecomClient, agentId: string): Promise<'made' | 'same'> {
  if (sameMenu(await currentMenu(client, agentId), MENU)) return 'same';
  await client.post('menu/create', { button: MENU }, { agentid: agentId });
  return 'made';
}

async function currentMenu(client: WecomClient, agentId: string): Promise<unknown> {
  try {
    return (await client.get('menu/get', { agentid: agentId }))['button'];
  } catch (error) {
    if (error instanceof PlatformRefusedError && error.details['errcode'] === NO_MENU) return [];
    throw error;
  }
}

/** The platform adds empty fields of its own; only what we set counts. */
function sameMenu(found: unknown, wanted: readonly MenuItem[]): boolean {
  if (!Array.isArray(found) || found.length !== wanted.length) return false;
  return wanted.every((item, index) => {
    const there = (found as Partial<MenuItem>[])[index];
    const isSame = there?.name === item.name && (there.key ?? '') === (item.key ?? '');
    const sameType = item.type === undefined || there?.type === item.type;
    return isSame && sameType && sameMenu(there.sub_button ?? [], item.sub_button ?? []);
  });
}
