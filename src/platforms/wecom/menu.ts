/**
 * The menu under the chat. First level at most 3 items and 16 bytes (five Chinese characters), second level 5 and 40 bytes.
 * https://developer.work.weixin.qq.com/document/path/90231
 */
export const MENU_KEYS = { scan: 'scan', photo: 'photo', deals: 'my-deals', todos: 'my-todos', help: 'help' } as const;

export function menuRequest() {
  return {
    button: [
      {
        name: '现场',
        sub_button: [
          { type: 'scancode_waitmsg', name: '扫码', key: MENU_KEYS.scan },
          // Camera only: the album cannot be opened from here.
          { type: 'pic_sysphoto', name: '拍照', key: MENU_KEYS.photo },
        ],
      },
      { type: 'click', name: '我的商机', key: MENU_KEYS.deals },
      {
        name: '更多',
        sub_button: [
          { type: 'click', name: '我的待办', key: MENU_KEYS.todos },
          { type: 'click', name: '帮助', key: MENU_KEYS.help },
        ],
      },
    ],
  };
}
