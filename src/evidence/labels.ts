/** Model and serial number in the lines of a nameplate. Pure. */

export interface LabelledValue {
  value: string;
  /** The line as read. */
  line: string;
}

export interface NameplateValues {
  model: LabelledValue | null;
  serial: LabelledValue | null;
}

// Label words as printed, and as recognisers see them: 号 is often lost or read as 导/吕, so the value may follow the first words directly.
const MODEL =
  /(?:规格型号|产品型号|设备型号|型号规格|型\s*[号导吕]|(?<![A-Z])MODEL(?:\s*(?:NO|NAME))?\.?|(?<![A-Z])MOD\.)/iu;
const SERIAL =
  /(?:序\s*列\s*[号导吕]|出厂编[号导吕]|产品编[号导吕]|设备编[号导吕]|机身[号导吕]|(?<![A-Z])SERIAL(?:\s*(?:NO|NUMBER))?\.?|(?<![A-Z])S\s*[/.]\s*N\.?|(?<![A-Z])SN(?![A-Z]))/iu;
/** Labels of other facts: a value ends where the next one begins. */
const OTHER =
  /(?:额定|电压|电源|功率|频率|重量|生产日期|出厂日期|日期|注册证|有限公司|(?<![A-Z])(?:POWER|VOLTAGE|DATE|MADE)(?![A-Z]))/iu;

export function readLabels(lines: readonly string[]): NameplateValues {
  return { model: labelled(lines, MODEL, SERIAL), serial: labelled(lines, SERIAL, MODEL) };
}

function labelled(lines: readonly string[], label: RegExp, rival: RegExp): LabelledValue | null {
  for (const raw of lines) {
    const line = raw
      .normalize('NFKC')
      // chi_sim puts spaces between Chinese characters.
      .replace(/(?<=\p{Script=Han}) +(?=\p{Script=Han})/gu, '')
      .replace(/[：﹕]/gu, ':')
      .replace(/[‐-―－]/gu, '-')
      .trim();
    const match = label.exec(line);
    if (match === null) continue;
    let rest = line.slice(match.index + match[0].length);
    // `型号/MODEL: X`: the same label in a second language.
    const second = /^[\s/|.()]*(?:MODEL|TYPE|SN|S\/N|SERIAL(?:\s*NO)?|NO)\.?[\s)]*[:.]?/iu.exec(rest);
    if (second !== null) rest = rest.slice(second[0].length);
    for (const end of [rival, OTHER]) {
      const next = end.exec(rest);
      if (next !== null) rest = rest.slice(0, next.index);
    }
    const value = cleanValue(rest);
    if (value !== null) return { value, line };
  }
  return null;
}

/** Latin letters, digits and inner `-/.`; at least four of them and one digit: less is no model and no serial. */
function cleanValue(text: string): string | null {
  const start = text.replace(/^[^\p{Script=Latin}\d]+/u, '');
  const run = /^[\p{Script=Latin}\d][\p{Script=Latin}\d\s\-/.+]*/u.exec(start)?.[0] ?? '';
  const value = run
    .replace(/\s+/gu, ' ')
    .replace(/[\s\-/.+]+$/u, '')
    .toUpperCase();
  const bare = value.replace(/[^\p{Script=Latin}\d]/gu, '');
  return bare.length >= 3 && bare.length <= 30 && /\d/u.test(bare) ? value : null;
}

const LOOKALIKES: Record<string, string> = {
  O: '0',
  Q: '0',
  D: '0',
  I: '1',
  L: '1',
  '|': '1',
  Z: '2',
  S: '5',
  B: '8',
  G: '6',
};

/** Spaces and punctuation dropped, look-alikes made one: for comparing two readings or a reading and a claim. */
export function foldCode(text: string): string {
  return [...text.normalize('NFKC').toUpperCase()]
    .filter((char) => /[\p{L}\p{N}|]/u.test(char))
    .map((char) => LOOKALIKES[char] ?? char)
    .join('');
}
