import { join } from 'node:path';
import { renderAsync } from '@resvg/resvg-js';
import { projectRoot } from '../core/index.js';
import type { DigestSnapshot, Figure, Light } from './figures.js';

/**
 * The digest as a picture for group chats, where a card's figures have no bars: how each stage stands, the weakest first,
 * beside the three lights. Drawn from the digest as it was sent, so that it shows the same whenever it leaves.
 */

const WIDTH = 1_080;
const MARGIN = 56;
const ROW = 76;
const BAR = { x: 330, width: 470, height: 34 };
/** Shown at half its size: smaller letters could not be read on a phone. */
const SIZE = { title: 46, head: 30, text: 32, small: 28 };

const INK = '#1F2329';
const INK_2 = '#51565D';
const INK_3 = '#767C84';
const LINE = '#E5E6EB';
const SERIES = '#3370FF';
/** The same, faint: what is not the weakest stays readable in grey too. */
const SERIES_FAINT = '#A9C2FF';
const LAMPS = { red: '#D83931', yellow: '#DC9B04', green: '#2EA121' } as const;

type Snapshot = Pick<DigestSnapshot, 'scopeName' | 'on' | 'lights' | 'penetration' | 'stages'>;

const fontOf = (name: string): string =>
  join(projectRoot, `node_modules/@expo-google-fonts/noto-sans-sc/${name}/NotoSansSC_${name}.ttf`);

/** PNG, 1080 px wide. `asOf` is the time of day that stands in its foot. Works beside the event loop. */
export function drawDigestChart(digest: Snapshot, asOf: string): Promise<Buffer> {
  return png(digestChart(digest, asOf));
}

/** PNG of `BANNER` px: the headline and the weakest stages, for the head of a card that says the rest in words. */
export function drawDigestBanner(digest: Snapshot): Promise<Buffer> {
  return png(digestBanner(digest));
}

async function png(svg: string): Promise<Buffer> {
  const image = await renderAsync(svg, {
    // resvg reads TrueType only; without a font it would drop the text without a word.
    font: {
      loadSystemFonts: false,
      fontFiles: [fontOf('400Regular'), fontOf('700Bold')],
      defaultFontFamily: 'Noto Sans SC',
    },
  });
  return image.asPng();
}

/** What the picture says, as its headline: the finding, not the kind of chart. */
export function findingOf({ penetration, stages }: Pick<Snapshot, 'penetration' | 'stages'>): string {
  const lowest = weakestFirst(stages)[0];
  if (penetration.percent === null || lowest === undefined) return '近 30 天没有到期的，先不算比例';
  const before = penetration.previous?.percent ?? null;
  const change =
    before === null || before === penetration.percent
      ? ''
      : `，比上周同日${penetration.percent > before ? '高' : '低'} ${Math.abs(penetration.percent - before)} 个点`;
  return lowest.percent === 100 || lowest.percent === penetration.percent
    ? `过程穿透率 ${penetration.value}${change}`
    : `${lowest.label}最低，${lowest.value}`;
}

const weakestFirst = <T extends Figure>(stages: readonly T[]): (T & { percent: number })[] =>
  stages
    .filter((stage): stage is T & { percent: number } => stage.percent !== null)
    .sort((a, b) => a.percent - b.percent);

export const BANNER = { width: WIDTH, height: 600 } as const;
/** Stages that a banner has room for. */
const BANNER_ROWS = 5;

export function digestBanner(digest: Snapshot): string {
  const bars = weakestFirst(digest.stages).slice(0, BANNER_ROWS);
  const rows = bars.map((bar, n) => row(bar, 190 + n * ROW, n === 0 && bar.percent < 100));
  return svg([...head(digest), ...rows], BANNER.height);
}

/** The picture as SVG. */
export function digestChart(digest: Snapshot, asOf: string): string {
  const { lights, stages } = digest;
  const bars = weakestFirst(stages);
  const untold = stages.filter((stage) => stage.percent === null).map((stage) => stage.label);
  const parts = head(digest);
  let y = 190;
  for (const [n, bar] of bars.entries()) {
    parts.push(row(bar, y, n === 0 && bar.percent < 100));
    y += ROW;
  }
  parts.push(rule(y + 8));
  y += 64;
  for (const light of lights) {
    parts.push(lamp(light, y));
    y += 56;
  }
  parts.push(rule(y - 22));
  y += 26;
  const marks = bars.some(({ previous }) => (previous?.percent ?? null) !== null) ? '，竖线是上周同日' : '';
  const foot = [
    '近 30 天到期的里，材料齐全且通过核验的比例（%）',
    `截至 ${asOf}${marks}`,
    ...(untold.length === 0 ? [] : [`近 30 天没有到期的，不算：${untold.join('、')}`]),
  ];
  for (const line of foot.flatMap(wrap)) {
    parts.push(text(line, { x: MARGIN, y, size: SIZE.small, fill: INK_3 }));
    y += 42;
  }
  return svg(parts, y + 6);
}

function head(digest: Snapshot): string[] {
  const { scopeName, on, penetration } = digest;
  const [, month, day] = on.split('-').map(Number);
  return [
    text(findingOf(digest), { x: MARGIN, y: 92, size: SIZE.title, bold: true }),
    text(`${scopeName} · ${month} 月 ${day} 日 · 过程穿透率 ${penetration.value}${beside(penetration)}`, {
      x: MARGIN,
      y: 146,
      size: SIZE.head,
      fill: INK_2,
    }),
  ];
}

const svg = (parts: readonly string[], height: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">` +
  `<rect width="${WIDTH}" height="${height}" fill="#FFFFFF"/>${parts.join('')}</svg>`;

const beside = ({ previous }: Figure): string =>
  previous === null || previous.percent === null ? '' : `（上周同日 ${previous.value}）`;

function row(stage: Figure & { percent: number }, y: number, isWeakest: boolean): string {
  const length = Math.max(4, Math.round((BAR.width * stage.percent) / 100));
  const middle = y + BAR.height / 2 + 11;
  const before = stage.previous?.percent ?? null;
  const mark = before === null ? null : BAR.x + Math.round((BAR.width * before) / 100);
  return [
    text(clip(stage.label, 8), { x: MARGIN, y: middle, size: SIZE.text, bold: isWeakest }),
    `<rect x="${BAR.x}" y="${y}" width="${BAR.width}" height="${BAR.height}" rx="6" fill="#F5F6F7"/>`,
    `<rect x="${BAR.x}" y="${y}" width="${length}" height="${BAR.height}" rx="6" fill="${isWeakest ? SERIES : SERIES_FAINT}"/>`,
    mark === null ? '' : `<rect x="${mark - 2}" y="${y - 7}" width="4" height="${BAR.height + 14}" fill="${INK}"/>`,
    text(stage.value, { x: BAR.x + BAR.width + 22, y: middle, size: SIZE.text, bold: true }),
    text(stage.fraction ?? '', { x: WIDTH - MARGIN, y: middle, size: SIZE.small, fill: INK_3, anchor: 'end' }),
  ].join('');
}

/** Lit or not is said by its shape and in words, not by its colour alone. */
function lamp(light: Light, y: number): string {
  const centre = `cx="${MARGIN + 16}" cy="${y - 11}"`;
  const circle = light.on
    ? `<circle ${centre} r="16" fill="${LAMPS[light.colour]}"/>`
    : `<circle ${centre} r="14" fill="none" stroke="${INK_3}" stroke-width="3"/>`;
  const name = { red: '红灯', yellow: '黄灯', green: '绿灯' }[light.colour];
  const words = `${name}${light.on ? '' : '没亮'}：${light.label} ${light.count} 人`;
  return circle + text(words, { x: MARGIN + 52, y, size: SIZE.text, fill: light.on ? INK : INK_2 });
}

const rule = (y: number): string =>
  `<rect x="${MARGIN}" y="${y}" width="${WIDTH - 2 * MARGIN}" height="2" fill="${LINE}"/>`;

interface At {
  x: number;
  y: number;
  size: number;
  fill?: string;
  bold?: boolean;
  anchor?: 'end';
}

function text(content: string, { x, y, size, fill = INK, bold = false, anchor }: At): string {
  const shown = escape(content.replace(/\p{C}/gu, ''));
  return (
    `<text x="${x}" y="${y}" font-family="Noto Sans SC" font-size="${size}" font-weight="${bold ? 700 : 400}"` +
    `${anchor === undefined ? '' : ` text-anchor="${anchor}"`} fill="${fill}">${shown}</text>`
  );
}

const escape = (raw: string): string => raw.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);

const clip = (words: string, most: number): string => {
  const chars = [...words];
  return chars.length <= most ? words : `${chars.slice(0, most - 1).join('')}…`;
};

/** Lines of the foot, at most as wide as the picture; a full-width character is as wide as it is tall. */
function wrap(line: string): string[] {
  const room = Math.floor((WIDTH - 2 * MARGIN) / SIZE.small);
  const lines: string[] = [];
  let open = '';
  let used = 0;
  for (const char of line) {
    const width = char.codePointAt(0)! < 0x2e80 ? 0.6 : 1;
    if (used + width > room) {
      lines.push(open);
      [open, used] = ['', 0];
    }
    open += char;
    used += width;
  }
  return [...lines, open];
}
