import { BadInputError, silentLog, type Clock } from '../../core/index.js';
import { memoryTokenStore } from '../token-holder.js';
import { createClient } from './client.js';
import { parseJson } from './http.js';
import { checked } from './settings.js';
import { TemplateAnswer, UpdateAnswer, type DingtalkSettings } from './types.js';

/** Keys of a template as the designer exports it (卡片平台 → 更多 → 导出). */
const EXPORTED = ['editorData', 'widgetInfo', 'type', 'mode'];

/**
 * Puts an exported template into the company and publishes it; gives its id, for `DINGTALK_CARD_TEMPLATE_ID`. The calls
 * are in the vendor's own library (card_1_0) and on no page: not seen to work for self-built apps yet, so whoever is
 * refused imports the same file by hand. Throws `template.not_exported` for any other file.
 */
export async function importTemplate(
  given: DingtalkSettings,
  clock: Clock,
  source: string,
  name: string,
): Promise<string> {
  const exported = parseJson(source);
  const missing =
    typeof exported !== 'object' || exported === null ? EXPORTED : EXPORTED.filter((key) => !(key in exported));
  if (missing.length > 0) {
    throw new BadInputError('template.not_exported', `not in the file: ${missing.join(', ')}`, {
      say: `这不是卡片平台导出的模板：缺 ${missing.join('、')}。到 卡片平台 → 模板 → 更多 → 导出，拿到的文件原样给我。`,
    });
  }
  const settings = checked(given);
  const client = createClient({ settings, clock, log: silentLog, tokens: memoryTokenStore() });
  const made = await client.call(
    'POST',
    '/v1.0/card/templates',
    { name, type: 'im', extendType: 'card' },
    TemplateAnswer,
  );
  const templateId = made.result;
  const saved = { templateId, name, templateSource: source };
  await client.call('POST', '/v1.0/card/templates/save', saved, UpdateAnswer);
  await client.call('POST', '/v1.0/card/templates/publish', { templateId, name }, UpdateAnswer);
  return templateId;
}
