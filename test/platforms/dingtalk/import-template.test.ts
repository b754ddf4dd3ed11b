import test from 'ava';
import { systemClock } from '../../../src/core/index.js';
import { importTemplate } from '../../../src/platforms/dingtalk/index.js';
import { startBench } from '../../sandbox/support.js';

const EXPORTED = JSON.stringify({ editorData: '{}', widgetInfo: '{}', type: 'im', mode: 'card' });

test('an exported template is put into the company, published, and cards can be made of it', async (t) => {
  const bench = await startBench(t);
  const settings = { ...bench.access.dingtalk, mode: 'stream' as const };
  const id = await importTemplate(settings, systemClock, EXPORTED, '留痕');
  t.regex(id, /\.schema$/);
  const card = { cardTemplateId: id, outTrackId: 'card-1', cardData: { cardParamMap: { title: '一' } } };
  t.is((await bench.ding('POST', 'card/instances', card)).status, 200);
});

test('any other file is refused before anything is called, naming what it lacks', async (t) => {
  const bench = await startBench(t);
  const settings = { ...bench.access.dingtalk, mode: 'stream' as const };
  for (const file of ['no json', '[]', '{"variables":[]}', '{"editorData":"{}","type":"im","mode":"card"}']) {
    const error = await t.throwsAsync(importTemplate(settings, systemClock, file, '留痕'), {
      code: 'template.not_exported',
    } as never);
    t.regex(error.message, /widgetInfo/);
  }
  const { json } = await bench.control('GET', 'state');
  t.is((json['dingtalk'] as { quota: { api: number } }).quota.api, 0);
});

test('the stand-in takes a template only whole, and draws none that is not published', async (t) => {
  const bench = await startBench(t);
  const code = async (path: string, body: object) => (await bench.ding('POST', path, body)).json['code'];
  t.is(await code('card/templates', { name: '', type: 'im', extendType: 'card' }), 'param.nameEmpty');
  t.is(await code('card/templates', { name: 'x', type: 'other', extendType: 'card' }), 'param.typeInvalid');
  const made = await bench.ding('POST', 'card/templates', { name: 'x', type: 'im', extendType: 'card' });
  const templateId = made.json['result'];
  t.is(await code('card/templates/publish', { templateId, name: 'x' }), 'param.templateSourceInvalid');
  t.is(
    await code('card/templates/save', { templateId, name: 'x', templateSource: '{}' }),
    'param.templateSourceInvalid',
  );
  t.is(
    await code('card/templates/save', { templateId: 'other', name: 'x', templateSource: EXPORTED }),
    'param.templateNotExist',
  );
  const card = { cardTemplateId: templateId, outTrackId: 'c', cardData: { cardParamMap: { title: '一' } } };
  t.is(await code('card/instances', card), 'param.templateUnpublished');
});
