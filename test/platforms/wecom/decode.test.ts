import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../../src/core/index.js';
import { decode, type Decoded } from '../../../src/platforms/wecom/decode.js';
import { parseXml } from '../../../src/platforms/wecom/xml.js';

const read = (name: string): string => readFileSync(join(projectRoot, 'test/fixtures/wecom', `${name}.xml`), 'utf8');
const decoded = (source: string): Decoded => decode(parseXml(source), source, '1000002');

test('a file message is taken where it comes, by either name of its name', (t) => {
  const file = (tag: string) =>
    `<xml><FromUserName>a</FromUserName><CreateTime>1767225600</CreateTime><MsgType>file</MsgType><${tag}>报价.pdf</${tag}><MediaId>m1</MediaId><MsgId>1</MsgId></xml>`;
  for (const tag of ['FileName', 'Title']) {
    const result = decoded(file(tag));
    t.deepEqual(result.kind === 'event' ? (result.event.body as object) : null, {
      kind: 'file',
      media: { platform: 'wecom', handle: 'm1', name: '报价.pdf' },
    });
  }
});

test('two presses of one person within one second are two events', (t) => {
  const source = read('template_card_event-button');
  const keys = [source, source.replace('kLm3_', 'kLm4_')].map((one) => {
    const result = decoded(one);
    return result.kind === 'event' ? result.event.key : '';
  });
  t.not(keys[0], keys[1]);
});

test('the mark of the delivery is no part of the card’s id, and a split question is one', (t) => {
  const source = read('template_card_event-multiple')
    .replace('visit_20260101_0001@v1', 'card_ab@0123456789ab')
    .replace('visit_result', 'tags')
    .replace('next_step', 'tags@2')
    .replace('[quote]', '[~none]');
  const result = decoded(source);
  t.deepEqual(result.kind === 'event' ? (result.event.body as object) : null, {
    kind: 'press',
    cardId: 'card_ab',
    action: 'submit_visit',
    choices: { tags: ['won'] },
  });
});

test('what lacks its sender, time or content is malformed, not guessed', (t) => {
  const text = read('text-message');
  for (const broken of [
    text.replace(/<FromUserName>.*?<\/FromUserName>/, ''),
    text.replace(/<CreateTime>.*?<\/CreateTime>/, ''),
    text.replace('1767225600', '1e400'),
    text.replace(/<MsgType>.*?<\/MsgType>/, ''),
    read('image-message').replace(/<MediaId>.*?<\/MediaId>/, ''),
    read('location-message').replace('23.104105', '123.1'),
    read('location-message').replace('23.104105', ''),
    read('template_card_event').replace(/<TaskId>.*?<\/TaskId>/, ''),
    read('template_card_event').replace(/<TaskId>.*?<\/TaskId>/, `<TaskId>${'x'.repeat(300)}</TaskId>`),
    text.replace(/<FromUserName>.*?<\/FromUserName>/, `<FromUserName>${'x'.repeat(300)}</FromUserName>`),
  ]) {
    t.is(decoded(broken).kind, 'malformed', broken);
  }
});
