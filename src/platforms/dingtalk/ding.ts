import { errorCode, type Log } from '../../core/index.js';
import type { FilledCard } from '../../cards/index.js';
import type { Delivery } from '../contract.js';
import type { DingtalkClient } from './client.js';
import { DingAnswer, type DingMode } from './types.js';

const REMIND_TYPE = { app: 1, sms: 2, phone: 3 } as const;
/** The vendor names no limit; a phone reads this aloud. */
const MAX_CONTENT = 100;

/**
 * A DING beside a message that has been delivered: what fails here is logged and costs the message nothing.
 * https://open.dingtalk.com/document/development/robot-sends-nail-message
 */
export async function ding(
  client: Pick<DingtalkClient, 'call'>,
  settings: { robotCode: string; ding: DingMode },
  { to, body, key }: Delivery,
  log: Log,
): Promise<void> {
  if (settings.ding === 'off' || to.kind !== 'person') return;
  const request = {
    robotCode: settings.robotCode,
    remindType: REMIND_TYPE[settings.ding],
    receiverUserIdList: [to.userId],
    content: [...contentOf(body)].slice(0, MAX_CONTENT).join(''),
  };
  try {
    const { failedList } = await client.call('POST', '/v1.0/robot/ding/send', request, DingAnswer);
    const failed = Object.keys(failedList ?? {});
    if (failed.length > 0) log.warn({ key, failed }, 'DING did not reach its receiver');
  } catch (error) {
    log.warn({ key, code: errorCode(error) }, 'DING was not sent');
  }
}

function contentOf(body: Delivery['body']): string {
  const summary = ({ summary }: FilledCard): string => summary;
  switch (body.kind) {
    case 'card':
    case 'card-update':
      return summary(body.card);
    case 'text':
      return body.text;
    case 'markdown':
      return body.title;
    case 'file':
    case 'image':
      return body.name;
  }
}
