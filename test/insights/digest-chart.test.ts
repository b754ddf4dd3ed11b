import test from 'ava';
import sharp from 'sharp';
import type { DigestSnapshot, Figure } from '../../src/insights/figures.js';
import { BANNER, digestChart, drawDigestBanner, drawDigestChart, findingOf } from '../../src/insights/digest-chart.js';

const figure = (id: string, label: string, percent: number | null, before: number | null = null): Figure => ({
  id,
  label,
  value: percent === null ? '—' : `${percent}%`,
  percent,
  fraction: percent === null ? null : `${percent}/100`,
  previous: { label: '上周同日', value: before === null ? '—' : `${before}%`, percent: before },
  how: '',
});
const stage = (id: string, name: string, percent: number | null, before?: number) => ({
  ...figure(`penetration.${id}`, name, percent, before ?? null),
  stageId: id,
  stageName: name,
});
const lamp = (colour: 'red' | 'yellow' | 'green', on: boolean, label: string, count: number) => ({
  ...figure(colour, label, null),
  colour,
  on,
  count,
  stageName: label,
});

const digest = (
  penetration: Figure = figure('penetration', '过程穿透率', 81, 78),
  stages = [
    stage('screening', '需求初筛', 86, 90),
    stage('quotation', '合规报价', 52, 60),
    stage('contract', '合同签署', null),
    stage('clinical', '临床价值论证', 74),
  ],
): Pick<DigestSnapshot, 'scopeName' | 'on' | 'lights' | 'penetration' | 'stages'> => ({
  scopeName: '华东一组',
  on: '2026-11-24',
  penetration,
  stages,
  lights: [
    lamp('red', true, '需求初筛超期未更新', 3),
    lamp('yellow', false, '临床价值论证材料不足', 0),
    lamp('green', true, '合同签署全达标', 2),
  ],
});

test('the banner for a card has the size that its card file names, with the weakest stage in it', async (t) => {
  const many = Array.from({ length: 8 }, (_, n) => stage(`s${n}`, `阶段${n}`, 90 - n));
  const png = await drawDigestBanner(digest(undefined, many));
  const { width, height } = await sharp(png).metadata();
  t.deepEqual({ width, height }, { ...BANNER });
  t.is(BANNER.width / BANNER.height, 1.8);
  t.true(png.length < 200_000, `${png.length} bytes`);
  // The last of the five rows still has its bar inside.
  const { data } = await sharp(png).extract({ left: 330, top: 494, width: 300, height: 34 }).raw().toBuffer({
    resolveWithObject: true,
  });
  t.true(data.some((value) => value < 200));
});

test('the chart is a PNG 1080 px wide, small enough for a chat, with letters in it', async (t) => {
  const png = await drawDigestChart(digest(), '11 月 24 日 09:00');
  t.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const { width, height } = await sharp(png).metadata();
  t.is(width, 1_080);
  t.true((height ?? 0) > 500 && (height ?? 0) < 2_000, `${height}`);
  t.true(png.length < 200_000, `${png.length} bytes`);
  // The headline is drawn: without its font there would be no dark pixel up there.
  const { data } = await sharp(png).extract({ left: 56, top: 40, width: 500, height: 70 }).greyscale().raw().toBuffer({
    resolveWithObject: true,
  });
  t.true(data.filter((grey) => grey < 100).length > 1_500);
});

test('its headline says the finding, its rows begin with the weakest stage, its foot what is left out', (t) => {
  t.is(findingOf(digest()), '合规报价最低，52%');
  const svg = digestChart(digest(), '11 月 24 日 09:00');
  const at = (words: string): number => svg.indexOf(`>${words}<`);
  t.true(at('合规报价') < at('临床价值论证') && at('临床价值论证') < at('需求初筛'));
  t.is(at('合同签署'), -1, 'no bar without a rate');
  t.regex(svg, /不算：合同签署/u);
  t.regex(svg, /华东一组 · 11 月 24 日 · 过程穿透率 81%（上周同日 78%）/u);
  t.regex(svg, /截至 11 月 24 日 09:00/u);
  t.regex(svg, /红灯：需求初筛超期未更新 3 人/u);
  t.regex(svg, /黄灯没亮：临床价值论证材料不足 0 人/u);
});

test('without anything due it says so, with one figure for all it says how that moved, and words are no markup', async (t) => {
  const none = digest(figure('penetration', '过程穿透率', null), [stage('screening', '需求初筛', null)]);
  t.is(findingOf(none), '近 30 天没有到期的，先不算比例');
  t.true((await drawDigestChart(none, '09:00')).length > 1_000);
  t.is(findingOf(digest(undefined, [stage('a', '需求初筛', 81)])), '过程穿透率 81%，比上周同日高 3 个点');
  const odd = digestChart({ ...digest(), scopeName: '<b>&"一组' }, '09:00');
  t.false(odd.includes('<b>'));
  t.true((await drawDigestChart({ ...digest(), scopeName: '<b>&"一组' }, '09:00')).length > 1_000);
});
