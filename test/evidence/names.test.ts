import test from 'ava';
import { containsWords, countNames } from '../../src/evidence/names.js';

test('a name is found across widths, brackets, spaces, line breaks and company forms', (t) => {
  const text = '城东（医疗）器械有限责任公司，城东(医疗)器械有限公司；城东 医疗\n器械有限公司。ＡＢＣ';
  t.is(countNames(text, ['城东（医疗）器械有限公司']), 3);
  t.true(containsWords(text, 'abc'));
});

test('radicals that PDF writers put in place of characters are read as characters', (t) => {
  // U+2F08 人, U+2EA0 民, U+2F3E 户
  t.is(countNames('\u2f08\u2ea0医院', ['人民医院']), 1);
  t.true(containsWords('\u2f3e口', '户口'));
});

test('aliases count, and a name inside a longer one counts once', (t) => {
  t.is(countNames('城东医院检验科，城东人民医院，城东医院', ['城东人民医院', '城东医院']), 3);
  t.is(countNames('城东医院', ['城东医院', '城东']), 1);
});

test('nothing is found in nothing', (t) => {
  t.is(countNames('', ['城东医院']), 0);
  t.is(countNames('城东医院', ['', '城']), 0);
  t.false(containsWords('城东医院', ''));
});
