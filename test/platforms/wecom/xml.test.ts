import test from 'ava';
import fc from 'fast-check';
import { childrenNamed, parseXml, textAt, writeXml } from '../../../src/platforms/wecom/xml.js';

test('values stay strings, as they were written', (t) => {
  const xml = parseXml(
    '<xml>\n <MsgId>7312345678901234561</MsgId>\n <FromUserName><![CDATA[00123]]></FromUserName><A>1e5</A><B> x </B>' +
      '<C><![CDATA[a<b>&amp;]]]]><![CDATA[>c]]></C><D>&lt;&amp;&gt;&quot;&apos;</D><E/><F></F ></xml>',
  );
  t.is(textAt(xml, 'MsgId'), '7312345678901234561');
  t.is(textAt(xml, 'FromUserName'), '00123');
  t.is(textAt(xml, 'A'), '1e5');
  t.is(textAt(xml, 'B'), ' x ');
  t.is(textAt(xml, 'C'), 'a<b>&amp;]]>c');
  t.is(textAt(xml, 'D'), '<&>"\'');
  t.is(textAt(xml, 'E') + textAt(xml, 'F') + textAt(xml, 'none', 'at', 'all'), '');
});

const HOSTILE: Record<string, string> = {
  'document type': '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml>&x;</xml>',
  'processing instruction': '<?xml version="1.0"?><xml></xml>',
  comment: '<xml><!-- x --></xml>',
  attribute: '<xml a="1"></xml>',
  'own entity': '<xml>&x;</xml>',
  'character reference': '<xml>&#60;</xml>',
  'open ampersand': '<xml>a & b</xml>',
  'open CDATA': '<xml><![CDATA[x</xml>',
  'open tag': '<xml><a',
  'open element': '<xml><a></xml>',
  'crossed elements': '<xml><a><b></a></b></xml>',
  'two roots': '<xml></xml><xml></xml>',
  'text after the root': '<xml></xml>x',
  'text before the root': 'x<xml></xml>',
  'CDATA outside': '<![CDATA[x]]><xml></xml>',
  mixed: '<xml>a<b></b></xml>',
  'mixed behind': '<xml><b></b>a</xml>',
  nothing: '',
  'a digit name': '<1></1>',
  depth: '<a>'.repeat(20_000),
  'nine levels': `${'<a>'.repeat(9)}${'</a>'.repeat(9)}`,
  siblings: `<xml>${'<a></a>'.repeat(512)}</xml>`,
  size: `<xml>${'x'.repeat(70_000)}</xml>`,
  'many brackets': '<'.repeat(60_000),
};

for (const [name, source] of Object.entries(HOSTILE)) {
  test(`refused: ${name}`, (t) => {
    const started = performance.now();
    t.throws(() => parseXml(source), { code: 'wecom.xml_refused' });
    t.true(performance.now() - started < 1_000, 'and soon');
  });
}

test('eight levels and 511 nodes are enough and taken', (t) => {
  t.notThrows(() => parseXml(`${'<a>'.repeat(8)}${'</a>'.repeat(8)}`));
  t.is(childrenNamed(parseXml(`<xml>${'<a></a>'.repeat(511)}</xml>`), 'a').length, 511);
});

test('a name of the language itself is a name like any other', (t) => {
  const xml = parseXml('<xml><__proto__>1</__proto__><constructor>2</constructor></xml>');
  t.is(textAt(xml, '__proto__') + textAt(xml, 'constructor'), '12');
  t.is(({} as Record<string, unknown>)['1'], undefined);
});

test('what is written is read again', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 5 }), (texts) => {
      const xml = parseXml(writeXml({ xml: { List: texts, N: 3, B: true, Nothing: undefined } }));
      t.deepEqual(
        childrenNamed(xml, 'List').map((child) => child.text),
        texts,
      );
      t.is(textAt(xml, 'N') + textAt(xml, 'B'), '3true');
    }),
    { seed: 11, numRuns: 300 },
  );
});

test('no input whatever does more than be refused', (t) => {
  const piece = fc.constantFrom(
    '<xml>',
    '</xml>',
    '<a>',
    '</a>',
    '<a/>',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&',
    'x',
    ' ',
    '<',
    '>',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parseXml(pieces.join(''));
      } catch (error) {
        t.is((error as { code?: string }).code, 'wecom.xml_refused', pieces.join(''));
      }
    }),
    { seed: 13, numRuns: 3_000 },
  );
  t.pass();
});
