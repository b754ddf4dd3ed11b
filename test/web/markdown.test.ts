import test from 'ava';
import { parseInline, parseMarkdown } from '../../src/web/ui/lib/markdown.js';

test('a digest’s markdown becomes blocks with links and bold words', (t) => {
  const blocks = parseMarkdown(
    '**华东一组**（截至 18:00）\n> 🔴 [超期 3 人](https://a.example/m/1)\n> 🟡 2 人\n\n- 一\n- 二\n1. 甲',
  );
  t.deepEqual(
    blocks.map((block) => block.kind),
    ['paragraph', 'quote', 'list', 'list'],
  );
  t.deepEqual(blocks[0], {
    kind: 'paragraph',
    lines: [
      [
        { kind: 'strong', inner: [{ kind: 'text', text: '华东一组' }] },
        { kind: 'text', text: '（截至 18:00）' },
      ],
    ],
  });
});

test('mentions of both platforms show names', (t) => {
  const names = (id: string) => (id === 'rep' ? '代表甲' : id);
  t.deepEqual(parseInline('<@rep> 看一下', names)[0], { kind: 'mention', text: '@代表甲' });
  t.deepEqual(parseInline('<a atId=rep>甲</a>', names)[0], { kind: 'mention', text: '@甲' });
});

test('what a person wrote never becomes anything but text', (t) => {
  const written =
    '<script>alert(1)</script> <img src=x onerror=y> [x](javascript:alert(1)) [y](javascript:z) ![p](file:///etc) **<b>**';
  const kinds = new Set(parseInline(written).map((part) => part.kind));
  t.deepEqual([...kinds].sort(), ['strong', 'text']);
  t.is(parseInline('[发送](dtmd://dingtalkclient/sendMessage?content=1)')[0]?.kind, 'link');
  t.deepEqual(
    parseInline('\\*\\*不是粗体\\*\\*')
      .map((part) => ('text' in part ? part.text : ''))
      .join(''),
    '**不是粗体**',
  );
});
