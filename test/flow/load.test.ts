import test from 'ava';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, MINUTE, projectRoot } from '../../src/core/index.js';
import { describeItem, formatLimit, formatWallTime, loadFlows, parseFlow } from '../../src/flow/index.js';
import type { Flow, Item } from '../../src/flow/index.js';

const FILE = join(projectRoot, 'bot-flows/medical-device.flow.yaml');
const SOURCE = readFileSync(FILE, 'utf8');

function medical(): Flow {
  const { flow, problems } = parseFlow(SOURCE, FILE);
  if (flow === null) throw new Error(JSON.stringify(problems));
  return flow;
}

const item = (flow: Flow, id: string): Item => {
  const found = flow.stages.flatMap((stage) => stage.items).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no item ${id}`);
  return found;
};

/** The problems of the flow file with one piece of text replaced, as `line code`. */
function problemsWith(from: string, to: string): { line: number; code: string; message: string }[] {
  if (!SOURCE.includes(from)) throw new Error(`not in the flow file: ${from}`);
  const { flow, problems } = parseFlow(SOURCE.replace(from, to), 'x.flow.yaml');
  if (problems.some((problem) => problem.level === 'error') !== (flow === null)) throw new Error('flow despite errors');
  return problems.map(({ line, code, message }) => ({ line, code, message }));
}

const lineOf = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length;

test('the medical flow loads without a word of complaint', (t) => {
  const { flows, problems } = loadFlows(join(projectRoot, 'bot-flows'));
  t.deepEqual(problems, []);
  const flow = flows.find((one) => one.id === 'medical-device');
  t.deepEqual(
    flow?.stages.map((stage) => stage.id),
    ['assigned', 'first-touch', 'screening', 'solution', 'clinical-value', 'quotation', 'contract', 'delivery'],
  );
});

test('quantities are read with their units', (t) => {
  const flow = medical();
  t.like(item(flow, 'door-plate'), {
    kind: 'photo',
    count: 2,
    demands: { freshWithinMs: 10 * MINUTE, withinMetres: 500, watermarkTime: true, reuse: 'company' },
  });
  t.like(item(flow, 'signed-contract'), { demands: { containsText: '已签合同', largerThanBytes: 102_400 } });
  t.like(item(flow, 'proposal'), { demands: { clientNameTimes: 3 } });
  t.like(item(flow, 'tender-notice'), { count: 1, publishedWithinMonths: 3 });
  t.like(item(flow, 'cost-sheet'), { formats: ['XLSX'], demands: { minLevels: 3 } });
  t.like(item(flow, 'scenarios'), { min: 3, minGroups: 2, library: '临床场景' });
  t.like(item(flow, 'touch'), { accepts: ['call', 'message', 'check-in'], limit: { amount: 2, unit: 'workhour' } });
  t.deepEqual(flow.exemptions, { who: ['director'], perPersonPerMonth: 3, reasonRequired: true, validMs: 7 * DAY });
});

test('references are resolved', (t) => {
  const flow = medical();
  t.like(item(flow, 'door-plate'), { demands: { doorPlates: flow.lists['科室'] } });
  t.is(flow.autoAdvance[0]?.toStage, 'contract');
  t.is(flow.tagLibraries['客户痛点']?.groups.length, 1);
  t.is(flow.tagLibraries['客户痛点']?.groups[0]?.name, '');
  t.deepEqual(
    flow.tagLibraries['临床场景']?.groups.map((group) => group.name),
    ['手术室', '检验科', '门诊'],
  );
  t.deepEqual(flow.nudges[0]?.when, { kind: 'silent', stage: 'screening', forWorkdays: 2 });
});

test('a stage may be named by its name or alias where one refers to it', (t) => {
  for (const word of ['合同签署', 'contract']) {
    const { flow } = parseFlow(SOURCE.replace('推进到: contract', `推进到: ${word}`), 'x');
    t.is(flow?.autoAdvance[0]?.toStage, 'contract');
  }
  const { flow } = parseFlow(SOURCE.replace('阶段: screening', '阶段: 需求诊断'), 'x');
  t.like(flow?.nudges[0]?.when, { stage: 'screening' });
});

test('comments, spaces and the order of keys make no new version; one number does', (t) => {
  const { hash } = medical();
  const hashOf = (source: string): string | undefined => parseFlow(source, 'x').flow?.hash;
  t.regex(hash, /^[0-9a-f]{16}$/);
  t.is(hashOf(`# note\n${SOURCE}\n# end`), hash);
  t.is(hashOf(SOURCE.replace('名称: 确认接手, 编号: accept', '编号: accept,   名称: 确认接手')), hash);
  t.not(hashOf(SOURCE.replace('300米内', '301米内')), hash);
  t.not(hashOf(SOURCE.replace('预算审批流程长', '预算审批流程太长')), hash);
});

const wrong = test.macro({
  exec(t, from: string, to: string, code: string, says: RegExp) {
    const problems = problemsWith(from, to);
    const found = problems.find((problem) => problem.code === code);
    t.truthy(found, JSON.stringify(problems));
    t.is(found?.line, lineOf(from));
    t.regex(found?.message ?? '', says);
  },
  title: (_given, from, to) => `refused with its line: ${from} → ${to}`.replaceAll('\n', ' '),
});

test(wrong, '标准停留: 5工作日', '标准停留: 5', 'flow.quantity', /「5」.*「5工作日」/);
test(wrong, '标准停留: 5工作日', '标准停留: 0工作日', 'flow.range', /至少是 1/);
test(wrong, '标准停留: 5工作日', '标准停溜: 5工作日', 'yaml.unknown_key', /标准停溜.*是不是想写「标准停留」/);
test(wrong, '类型: 触达', '类型: 触答', 'yaml.unknown_word', /触答.*是不是想写「触达」.*确认、文字/);
test(wrong, '位置: 300米内', '位置: 300', 'flow.quantity', /300米内/);
test(wrong, '现场拍摄: 10分钟内', '现场拍摄: 十分钟', 'flow.quantity', /十分钟/);
test(wrong, '水印时间: 要有', '水印时间: 有', 'yaml.unknown_word', /可以写：要有/);
test(wrong, '至少: 3 }', '至少: 6 }', 'flow.unreachable', /只有 5 个标签/);
test(wrong, '不同组: 2', '不同组: 4', 'flow.unreachable', /只有 3 个组/);
test(wrong, '标签库: 客户痛点, 至少', '标签库: 客户痛楚, 至少', 'flow.unknown_reference', /客户痛楚.*客户痛点/);
test(wrong, '门牌: 名单.科室', '门牌: 名单.科事', 'flow.unknown_reference', /名单\.科室/);
test(wrong, '推进到: contract', '推进到: contrac', 'flow.unknown_stage', /是不是想写「contract」/);
test(wrong, '阶段: screening', '阶段: 不存在', 'flow.unknown_stage', /不存在/);
test(wrong, '编号: touch,', '编号: accept,', 'flow.double_id', /accept/);
test(wrong, '编号: first-touch', '编号: assigned', 'flow.double_id', /assigned/);
test(wrong, '编号: quote', '编号: Quote_1', 'flow.id', /小写字母/);
test(wrong, '编号: pains, ', '', 'yaml.missing_key', /客户痛点」少了「编号」/);
test(
  wrong,
  '编号: accept, 类型: 确认',
  '编号: accept, 类型: 确认, 必填: 否',
  'flow.nothing_required',
  /至少要有一项必填/,
);
test(wrong, '部门: 技术', '部门: 研发', 'yaml.unknown_word', /法务、采购、技术/);
test(
  wrong,
  '当: { 停留超过: 2倍标准 }',
  '当: { 停留超过: 2倍标准, 阶段: screening }',
  'flow.condition',
  /不能写在一起/,
);
test(wrong, '穿透率低于: 70%', '穿透率低于: 170%', 'flow.range', /1 到 100/);
test(wrong, '谁可以: [区域总监]', '谁可以: [销售本人]', 'flow.self_exemption', /不能豁免自己/);
test(wrong, '大小: 超过100KB } }', '大小: 100KB } }', 'flow.quantity', /超过100KB/);
test(wrong, '必填: 否', '必填: 不', 'yaml.unknown_word', /是、否/);

test('a file that is no YAML says where', (t) => {
  const { flow, problems } = parseFlow('流程: x\n  编号: [a\n', 'x.flow.yaml');
  t.is(flow, null);
  t.true(problems.length > 0 && problems.every((problem) => problem.code === 'yaml.syntax'));
});

test('nothing at all, a list, a sentence and a null are refused, not thrown', (t) => {
  for (const text of [
    '',
    '# only a comment',
    '- a',
    'hello',
    '~',
    '流程:',
    '阶段: { a: b }',
    '? [x]\n: 1',
    '流程: *a',
  ]) {
    const { flow, problems } = parseFlow(text, 'x');
    t.is(flow, null, text);
    t.true(problems.length > 0, text);
  }
});

test('YAML references and doubled keys are refused', (t) => {
  t.true(problemsWith('标签库: 客户痛点', '标签库: &a 客户痛点').length === 0);
  const aliased = parseFlow('流程: &a x\n编号: *a\n', 'x');
  t.true(aliased.problems.some((problem) => problem.code === 'yaml.alias'));
  t.is(problemsWith('流程: 医疗器械八阶段', '流程: a\n流程: b')[0]?.code, 'yaml.syntax');
});

test('more tags than a card holds is a warning, and the flow stands', (t) => {
  const many = Array.from({ length: 25 }, (_, index) => `    - 痛点${index}`).join('\n');
  const { flow, problems } = parseFlow(SOURCE.replace('    - 预算审批流程长', many), 'x');
  t.truthy(flow);
  t.deepEqual(
    problems.map(({ level, code }) => [level, code]),
    [['warning', 'flow.many_options']],
  );
});

test('limits and demands are said in words', (t) => {
  t.is(formatLimit({ amount: 5, unit: 'workday' }), '5 工作日');
  t.is(formatLimit({ amount: 8, unit: 'workhour' }), '8 工作小时');
  t.is(formatWallTime(7 * DAY), '7 天');
  t.is(formatWallTime(90 * MINUTE), '90 分钟');
  const flow = medical();
  t.is(describeItem(item(flow, 'tender-notice')), '近 3 个月内发布，1 份');
  t.is(describeItem(item(flow, 'accept')), '');
  for (const one of flow.stages.flatMap((stage) => stage.items)) t.notRegex(describeItem(one), /undefined|，，|^，/);
});

test('no damage to a file makes the loader throw, and nothing damaged passes without a word', (t) => {
  const lines = SOURCE.split('\n');
  const bits = ['', '- ', ':', '{', '}', '[', '*a', '&a x', '? ', '\t', '"', '编号: ', '  ', '💥', '!!int 3', '|'];
  const damage = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(60),
    cut: fc.nat(12),
    put: fc.constantFrom(...bits),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      const copy = [...lines];
      for (const { line, at, cut, put } of damages) {
        const text = copy[line] ?? '';
        copy[line] = text.slice(0, at) + put + text.slice(at + cut);
      }
      const { flow, problems } = parseFlow(copy.join('\n'), 'x');
      if (flow === null && problems.length === 0) throw new Error('refused without a word');
      for (const { line, col, message } of problems) {
        if (!(line >= 1 && col >= 1 && message !== '')) throw new Error(`a problem without a place: ${message}`);
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a recording says how long, whose voice and what is listened for; what is not said is read strictly', (t) => {
  const recorded = (line: string) => {
    const { flow, problems } = parseFlow(SOURCE.replace('认可: [客户录音, 本人口述]', line), 'x');
    if (flow === null) throw new Error(JSON.stringify(problems));
    return item(flow, 'call-record');
  };
  const plain = recorded('时限: 2工作日');
  t.like(plain, { kind: 'voice', demands: { words: true, accepts: ['client'] } });
  t.deepEqual(
    plain.kind === 'voice' ? plain.demands.keywords.map(({ name }) => name) : [],
    ['已确认交期', '付款方式变更', '预算变化', '竞品报价'],
    'all of the flow',
  );
  const own = recorded(
    '认可: [本人口述]\n        关键词: [付款方式变更]\n        要求: { 时长: 至少8分钟, 文字: 不要 }',
  );
  t.like(own, { demands: { minMs: 8 * MINUTE, words: false, accepts: ['self'] } });
  t.like(own, { demands: { keywords: [{ name: '付款方式变更' }] } });
  t.is(describeItem(own), '至少 8 分钟');
  t.is(describeItem(plain), '对方同意录音，听得出内容');
});

test('keywords are checked where they stand, and a flow without them is the version it was', (t) => {
  const line = lineOf('  付款方式变更: [');
  const phrase = '[付款方式…改, 改付款方式, 付款…改成, 账期…改, 改成分期]';
  for (const [wrong, code] of [
    ['[改]', 'flow.short_phrase'],
    ['[付款…]', 'flow.short_phrase'],
    ['[改…价]', 'flow.short_phrase'],
    ['[确认交期, 改付款方式]', 'flow.double'],
    ['[]', 'flow.empty_list'],
    ['{ 甲: 乙 }', 'yaml.not_list'],
  ] as const) {
    const found = problemsWith(phrase, wrong);
    t.true(
      found.some((one) => one.code === code && one.line === line),
      `${wrong}: ${JSON.stringify(found)}`,
    );
  }
  t.is(problemsWith('  付款方式变更: [', '  付款方式变更以及账期变更和分期付款的事: [')[0]?.code, 'flow.long_option');
  const unknown = problemsWith('认可: [客户录音, 本人口述]', '关键词: [付款方式变]')[0];
  t.is(unknown?.code, 'flow.unknown_reference');
  t.regex(unknown?.message ?? '', /付款方式变更/);
  t.is(problemsWith('认可: [客户录音, 本人口述]', '要求: { 时长: 8 }')[0]?.code, 'flow.quantity');

  const bare = SOURCE.replace(/\n关键词:[\s\S]*?\n\n/u, '\n\n');
  const { flow } = parseFlow(bare, 'x');
  t.false('keywords' in (flow ?? { keywords: [] }));
});
