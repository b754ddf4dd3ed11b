import test from 'ava';
import { judgeReuse } from '../../src/evidence/judge/photo-reuse.js';
import { buildContext, buildEarlier } from './support/context.js';

const copy = { distance: 2, likeness: 0.99 };

test('a copy of another visit fails and names deal and day to those who may see it', (t) => {
  const { finding, problem } = judgeReuse(buildContext(), { ...copy, earlier: buildEarlier() });
  t.is(finding.status, 'failed');
  t.regex(problem ?? '', /11 月 17 日在「城西医院」用过/u);
});

test('to those who may not see the other deal nothing of it is said', (t) => {
  for (const [alike, reuseOf] of [
    [{ ...copy, earlier: buildEarlier({ mayName: false }) }, null],
    [{ distance: 9, likeness: 0.95, earlier: buildEarlier({ mayName: false }) }, null],
    [null, buildEarlier({ mayName: false })],
  ] as const) {
    const { problem = '', todo = '' } = judgeReuse(buildContext({ reuseOf }), alike);
    t.regex(problem, /别的商机/u);
    t.notRegex(problem + todo, /城西|代表乙|月/u);
  }
});

test('what only resembles is for a person to decide', (t) => {
  // The same door from the same spot, another day: a hand is never as steady as a copier.
  for (const alike of [
    { distance: 4, likeness: 0.93 },
    { distance: 10, likeness: 0.98 },
  ]) {
    t.is(judgeReuse(buildContext(), { ...alike, earlier: buildEarlier() }).finding.status, 'review');
  }
  t.is(judgeReuse(buildContext(), { distance: 5, likeness: 0.84, earlier: buildEarlier() }).finding.status, 'passed');
});

test('plates look alike: likeness alone fails nobody, and another serial number is another plate', (t) => {
  const alike = { ...copy, earlier: buildEarlier({ serial: 'SN-2031557' }) };
  t.is(judgeReuse(buildContext(), alike, { labelled: true }).finding.status, 'review');
  t.is(judgeReuse(buildContext(), { ...alike, distance: 8 }, { labelled: true }).finding.status, 'passed');
  t.is(judgeReuse(buildContext(), alike, { labelled: true, serial: 'SN-2031558' }).finding.status, 'passed');
  t.is(judgeReuse(buildContext(), alike, { labelled: true, serial: 'SN 2O31557' }).finding.status, 'review');
});

test('two frames of one visit are no cheat; twice the same picture is looked at', (t) => {
  const earlier = buildEarlier({ sameVisit: true });
  t.is(judgeReuse(buildContext(), { distance: 6, likeness: 0.94, earlier }).finding.status, 'passed');
  t.is(judgeReuse(buildContext(), { distance: 0, likeness: 1, earlier }).finding.status, 'review');
});

test('the same file again in one visit is said without an accusation', (t) => {
  const { finding, problem } = judgeReuse(buildContext({ reuseOf: buildEarlier({ sameVisit: true }) }), null);
  t.is(finding.status, 'failed');
  t.is(problem, '和这次已经交过的是同一张');
});
