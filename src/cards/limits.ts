/**
 * What a card may hold so that every platform can draw it. The tightest are WeCom's template card fields
 * (https://developer.work.weixin.qq.com/document/path/90236); counted in characters unless said otherwise.
 */
export const LIMITS = {
  /** main_title.title */
  title: 36,
  /** main_title.desc */
  subtitle: 44,
  /** sub_title_text holds all lines together; each line alone must fit. */
  line: 160,
  /** Fixed lines together; lists are cut by the adapter, which says how many are left. */
  fixedLines: 160,
  /** horizontal_content_list: at most six, keyname and value. */
  fields: 6,
  fieldLabel: 5,
  fieldValue: 30,
  /** button_list: at most six, text. */
  actions: 6,
  actionLabel: 10,
  /**
   * Several of them: checkbox.option_list. One of them: three select_list of ten, of which one each stands for none. The title
   * has no field of its own and shares the description.
   */
  options: { single: 27, multi: 20 },
  optionText: 17,
  choiceTitle: 44,
  optionIdBytes: 128,
  /** submit_button.text */
  submitLabel: 10,
  /** card_image.aspect_ratio, both ends excluded; beside it at most three links (jump_list) and nothing to press. */
  pictureRatio: { over: 1.3, under: 2.25 },
  pictureLinks: 3,
  /** replace_text; drawn on a button. */
  closed: 10,
  /** Ours: what fits in a push notification on a lock screen. */
  summary: 40,
} as const;

/** Characters as people count them: an emoji or a rare Chinese character is one. */
export function charLength(text: string): number {
  return [...text].length;
}

/** Cuts to `max` characters, the last one being `…`. */
export function clip(text: string, max: number): string {
  const chars = [...text];
  return chars.length <= max ? text : `${chars.slice(0, Math.max(0, max - 1)).join('')}…`;
}
