import { wallClock } from '../../core/index.js';
import { pick, rect, text } from './draw.js';

export interface LocalTime {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
  weekday: string;
}

/** The wall clock of the zone at an instant. */
export function localTime(at: Date, zone: string): LocalTime {
  const { date, time, second } = wallClock(at, zone);
  const [year = '', month = '', day = ''] = date.split('-');
  const [hour = '', minute = ''] = time.split(':');
  const weekday = `星期${'日一二三四五六'[new Date(`${date}T00:00Z`).getUTCDay()] ?? ''}`;
  return { year, month, day, hour, minute, second, weekday };
}

/** How camera apps print their time: clock beside the date, a grey box, a blue box, one outlined line, an orange stamp. */
export const WATERMARK_STYLES = ['clock', 'grey-box', 'blue-box', 'line', 'stamp'] as const;
export type WatermarkStyle = (typeof WATERMARK_STYLES)[number];

export interface WatermarkPlace {
  width: number;
  height: number;
  at: LocalTime;
  place: string;
}

export function watermark(style: WatermarkStyle, { width, height, at, place }: WatermarkPlace): string {
  const { year, month, day, hour, minute, second, weekday } = at;
  const unit = Math.min(width, height) / 1080;
  const size = (px: number): number => px * unit;
  const left = size(36);
  switch (style) {
    case 'clock': {
      const base = height - size(190);
      const draw = (dx: number, fill: string): string =>
        text(`${hour}:${minute}`, { x: left + dx, y: base + dx, size: size(84), fill, bold: true }) +
        text(`${year}-${month}-${day}`, { x: left + size(270) + dx, y: base - size(40) + dx, size: size(36), fill }) +
        text(weekday, { x: left + size(270) + dx, y: base + dx, size: size(34), fill }) +
        text(place, { x: left + dx, y: base + size(66) + dx, size: size(34), fill });
      return (
        draw(size(3), '#00000099') +
        rect(left + size(252), base - size(70), size(5), size(76), '#f2b631') +
        draw(0, '#ffffff')
      );
    }
    case 'grey-box': {
      const top = height - size(270);
      return (
        rect(left, top, size(760), size(230), '#00000077', `rx="${size(14)}"`) +
        text(`${hour}:${minute}`, { x: left + size(28), y: top + size(92), size: size(72), bold: true }) +
        text(`${year}.${month}.${day} ${weekday}`, { x: left + size(250), y: top + size(88), size: size(36) }) +
        text(place, { x: left + size(28), y: top + size(150), size: size(34) }) +
        text('现场拍照', { x: left + size(28), y: top + size(202), size: size(30) })
      );
    }
    case 'blue-box': {
      const top = height - size(290);
      return (
        rect(left, top, size(760), size(250), '#2f6fb7cc', `rx="${size(12)}"`) +
        text('现场拍照', { x: left + size(28), y: top + size(64), size: size(42), bold: true }) +
        text(`时间：${year}.${month}.${day} ${hour}:${minute}:${second}`, {
          x: left + size(28),
          y: top + size(130),
          size: size(36),
        }) +
        text(`地点：${place}`, { x: left + size(28), y: top + size(190), size: size(36) })
      );
    }
    case 'line':
      return `<g stroke="#000" stroke-width="${size(4)}" paint-order="stroke" stroke-linejoin="round">${text(
        `${year}-${month}-${day} ${hour}:${minute} ${place}`,
        { x: left, y: height - size(44), size: size(40), bold: true },
      )}</g>`;
    case 'stamp':
      return text(`${year}/${month}/${day} ${hour}:${minute}`, {
        x: width - size(40),
        y: height - size(48),
        size: size(56),
        fill: '#ff8a1e',
        bold: true,
        anchor: 'end',
      });
  }
}

export function anyStyle(random: () => number): WatermarkStyle {
  return pick(random, WATERMARK_STYLES);
}
