import { pick, rect, text } from './draw.js';

export interface Scene {
  width: number;
  height: number;
  svg: string;
}

const shade = (base: readonly [number, number, number], by: number): string =>
  `rgb(${base.map((channel) => Math.max(0, Math.min(255, Math.round(channel * by)))).join(',')})`;

const WALLS = [
  [196, 206, 200],
  [206, 198, 184],
  [188, 200, 214],
  [200, 210, 190],
] as const;
const DOORS = [
  [148, 112, 78],
  [96, 128, 140],
  [168, 148, 116],
] as const;

const polygon = (points: readonly (readonly [number, number])[], fill: string, more = ''): string =>
  `<polygon points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}" fill="${fill}" ${more}/>`;

/** A hospital corridor in perspective: doors, lamps, handrails, tiles, notice boards, benches. */
export function corridor(random: () => number, width = 1440, height = 1080): Scene {
  const wall = pick(random, WALLS);
  const door = pick(random, DOORS);
  const vx = width * (0.38 + 0.24 * random());
  const vy = height * (0.36 + 0.1 * random());
  const depth = 0.16 + 0.06 * random();
  const near = { left: 0, right: width, top: 0, bottom: height };
  const at = (x: number, y: number, t: number): [number, number] => [x + (vx - x) * t, y + (vy - y) * t];
  const end = 1 - depth;
  const parts: string[] = [
    polygon([at(0, 0, 0), at(width, 0, 0), at(width, 0, end), at(0, 0, end)], shade([232, 234, 232], 0.96)),
    polygon([at(0, height, 0), at(width, height, 0), at(width, height, end), at(0, height, end)], '#a9aeb0'),
    polygon([at(0, 0, 0), at(0, 0, end), at(0, height, end), at(0, height, 0)], shade(wall, 0.97)),
    polygon([at(width, 0, 0), at(width, 0, end), at(width, height, end), at(width, height, 0)], shade(wall, 0.86)),
  ];
  // Floor tiles and ceiling lamps.
  for (let row = 1; row < 9; row += 1) {
    const t = end * (1 - 0.82 ** row);
    const [x1, y1] = at(near.left, near.bottom, t);
    const [x2] = at(near.right, near.bottom, t);
    parts.push(`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y1}" stroke="#8d9396" stroke-width="2"/>`);
    if (row % 2 === 1) {
      const u = Math.min(end, t + 0.1);
      parts.push(
        polygon(
          [at(width * 0.42, 0, t), at(width * 0.58, 0, t), at(width * 0.58, 0, u), at(width * 0.42, 0, u)],
          '#f4f6f2',
        ),
      );
    }
  }
  for (let column = 1; column < 8; column += 1) {
    const [x1, y1] = at((width * column) / 8, height, 0);
    const [x2, y2] = at((width * column) / 8, height, end);
    parts.push(`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#8d9396" stroke-width="2"/>`);
  }
  // Doors, handrail and boards on both walls.
  for (const side of [0, width]) {
    const tone = side === 0 ? 0.95 : 0.82;
    for (let index = 0; index < 3; index += 1) {
      const t = 0.1 + index * 0.24 + 0.05 * random();
      const u = t + 0.13;
      parts.push(
        polygon(
          [at(side, height * 0.24, t), at(side, height * 0.24, u), at(side, height, u), at(side, height, t)],
          shade(door, tone),
          'stroke="#5b564e" stroke-width="3"',
        ),
        polygon(
          [
            at(side, height * 0.34, t + 0.04),
            at(side, height * 0.34, u - 0.03),
            at(side, height * 0.56, u - 0.03),
            at(side, height * 0.56, t + 0.04),
          ],
          '#cfdde2',
        ),
      );
      const b = u + 0.03;
      parts.push(
        polygon(
          [
            at(side, height * 0.36, b),
            at(side, height * 0.36, b + 0.05),
            at(side, height * 0.58, b + 0.05),
            at(side, height * 0.58, b),
          ],
          pick(random, ['#3f6d8c', '#7c8f4e', '#94604c', '#51736a']),
          'stroke="#ddd" stroke-width="2"',
        ),
      );
    }
    parts.push(
      polygon(
        [
          at(side, height * 0.68, 0),
          at(side, height * 0.68, end),
          at(side, height * 0.71, end),
          at(side, height * 0.71, 0),
        ],
        shade([122, 96, 70], tone),
      ),
    );
  }
  // The far end: a lit window and a sign.
  const [ex1, ey1] = at(0, 0, end);
  const [ex2, ey2] = at(width, height, end);
  parts.push(
    rect(ex1, ey1, ex2 - ex1, ey2 - ey1, shade(wall, 0.8)),
    rect(ex1 + (ex2 - ex1) * 0.3, ey1 + (ey2 - ey1) * 0.25, (ex2 - ex1) * 0.4, (ey2 - ey1) * 0.45, '#dfe8ee'),
  );
  // A row of chairs in front.
  const chairs = 3 + Math.floor(random() * 3);
  const colour = pick(random, ['#4a6f94', '#5d7f62', '#8c6d54', '#6e6a80']);
  for (let index = 0; index < chairs; index += 1) {
    const x = width * 0.62 + index * width * 0.085;
    const y = height * (0.7 + 0.03 * index);
    parts.push(
      rect(x, y, width * 0.07, height * 0.1, colour, 'rx="8" stroke="#333" stroke-width="2"'),
      rect(x - 6, y + height * 0.1, width * 0.075, height * 0.03, colour, 'stroke="#333" stroke-width="2"'),
      rect(x + 6, y + height * 0.13, 6, height * 0.07, '#555'),
      rect(x + width * 0.055, y + height * 0.13, 6, height * 0.07, '#555'),
    );
  }
  return { width, height, svg: parts.join('') };
}

/** A store room: shelves with boxes, labels and bottles. */
export function shelves(random: () => number, width = 1440, height = 1080): Scene {
  const wall = pick(random, WALLS);
  const parts: string[] = [rect(0, 0, width, height, shade(wall, 0.72))];
  const rows = 4 + Math.floor(random() * 2);
  const pitch = height / (rows + 0.4);
  for (let row = 0; row < rows; row += 1) {
    const floor = pitch * (row + 1);
    let x = 20 + random() * 40;
    while (x < width - 60) {
      const w = 50 + random() * 120;
      const h = pitch * (0.4 + 0.42 * random());
      const fill = pick(random, ['#b9915f', '#d9d2c3', '#7f9bb0', '#9fb59a', '#c9b9a0', '#8a7b6c', '#6d8894']);
      parts.push(rect(x, floor - h, w, h, fill, 'stroke="#4a453d" stroke-width="3"'));
      parts.push(rect(x + w * 0.15, floor - h * 0.7, w * 0.5, h * 0.28, '#eeeae0', 'stroke="#777" stroke-width="1"'));
      for (let line = 0; line < 3; line += 1) {
        parts.push(rect(x + w * 0.19, floor - h * (0.65 - line * 0.08), w * (0.2 + 0.2 * random()), 3, '#555'));
      }
      x += w + 6 + random() * 30;
    }
    parts.push(rect(0, floor, width, 16, '#6a7076'), rect(0, floor + 16, width, 8, '#3e4347'));
  }
  for (const x of [width * 0.02, width * 0.5, width * 0.96]) parts.push(rect(x, 0, 22, height, '#596066'));
  return { width, height, svg: parts.join('') };
}

/** The door goes out of the picture. */
const DOOR_WIDTH = 640;

/** Boards, posters and boxes below a plate: no two walls hold the same ones. No writing on them. */
function notices(random: () => number, room: { x: number; y: number; width: number; height: number }): string {
  return Array.from({ length: 3 + Math.floor(random() * 4) }, () => {
    const width = room.width * (0.12 + 0.3 * random());
    const height = room.height * (0.2 + 0.5 * random());
    const x = room.x + (room.width - width) * random();
    const y = room.y + (room.height - height) * random();
    const fill = pick(random, ['#f3f1e8', '#3f6d8c', '#7c8f4e', '#94604c', '#e0d9a8', '#4b5157', '#c7d6dd']);
    return rect(x, y, width, height, fill, 'stroke="#8a8578" stroke-width="3"');
  }).join('');
}

/** A department's plate beside its door, a third of the picture and more. */
export function doorPlate(random: () => number, plate: string, width = 1440, height = 1080): Scene {
  const wall = pick(random, WALLS);
  const [back, ink] = pick(random, [
    ['#2f5d8a', '#ffffff'],
    ['#f4f4f0', '#1f2a30'],
    ['#22756a', '#ffffff'],
    ['#ece7da', '#7a2a22'],
  ] as const);
  const w = width * (0.42 + 0.08 * random());
  const h = w * 0.4;
  const x = width * 0.14 + width * 0.12 * random();
  const y = height * 0.2 + height * 0.08 * random();
  const size = Math.min(h * 0.42, (w * 0.86) / Math.max(3, [...plate].length));
  const room = `${1 + Math.floor(random() * 9)}${String(1 + Math.floor(random() * 28)).padStart(2, '0')}`;
  const onLeft = random() < 0.5;
  const plateX = onLeft ? width - x - w : x;
  const doorX = onLeft ? plateX - width * 0.08 - DOOR_WIDTH : x + w + width * 0.08;
  const door = pick(random, DOORS);
  const rail = height * (0.66 + 0.14 * random());
  const pane = { x: doorX + 60 + 300 * random(), y: height * (0.12 + 0.12 * random()) };
  const svg =
    rect(0, 0, width, height, shade(wall, 0.8 + 0.2 * random())) +
    // What a paint line, a rail and the floor make of every wall, at heights of their own.
    rect(0, rail - height * 0.2 * random(), width, height, shade(pick(random, WALLS), 0.6 + 0.25 * random())) +
    rect(0, rail, width, height * 0.05, shade([122, 96, 70], 0.9)) +
    rect(0, height * (0.88 + 0.06 * random()), width, height * 0.12, '#8f9698') +
    rect(doorX - 18, height * 0.06, DOOR_WIDTH + 36, height * 0.9, '#6b6257') +
    rect(doorX, height * 0.08, DOOR_WIDTH, height * 0.88, shade(door, 0.8 + 0.3 * random())) +
    rect(
      pane.x,
      pane.y,
      150 + 120 * random(),
      height * (0.2 + 0.25 * random()),
      '#c9d8de',
      'stroke="#555" stroke-width="4"',
    ) +
    rect(onLeft ? doorX + DOOR_WIDTH - 76 : doorX + 16, height * 0.6, 60, 18, '#d8d8d4', 'rx="9"') +
    notices(random, {
      x: onLeft ? plateX : 0,
      y: y + h + 30,
      width: onLeft ? width - plateX : doorX,
      height: height - y - h - 60,
    }) +
    `<g transform="rotate(${(random() * 5 - 2.5).toFixed(2)} ${plateX + w / 2} ${y + h / 2})">` +
    rect(plateX + 8, y + 10, w, h, '#00000055', 'rx="10"') +
    rect(plateX, y, w, h, back, 'rx="10" stroke="#00000055" stroke-width="3"') +
    text(plate, { x: plateX + w / 2, y: y + h * 0.58, size, fill: ink, bold: true, anchor: 'middle' }) +
    text(room, { x: plateX + w / 2, y: y + h * 0.86, size: h * 0.17, fill: ink, anchor: 'middle' }) +
    '</g>';
  return { width, height, svg };
}

/** A device's nameplate on its housing. */
export function nameplate(
  random: () => number,
  facts: { model: string; serial: string },
  width = 1440,
  height = 1080,
): Scene {
  const [back, ink] = pick(random, [
    ['#dfe3e4', '#1d2226'],
    ['#f2f2ee', '#111111'],
  ] as const);
  const x = width * 0.12;
  const y = height * 0.12;
  const w = width * 0.74;
  const h = height * 0.66;
  const lines = [
    '产品名称：全自动生化分析仪',
    `型号：${facts.model}`,
    `序列号：${facts.serial}`,
    '电源：AC 220V 50Hz 600VA',
    '生产日期：2024-03-18',
    '某某医疗器械有限公司',
  ];
  const svg =
    rect(0, 0, width, height, pick(random, ['#5c666e', '#6d6a62', '#4d5a66'])) +
    rect(0, height * 0.84, width, height * 0.16, '#2e3438') +
    Array.from({ length: 22 }, (_, index) =>
      rect(60 + index * 62, height * 0.87, 34, height * 0.08, '#1c2023', 'rx="6"'),
    ).join('') +
    `<g transform="rotate(${(random() * 4 - 2).toFixed(2)} ${width / 2} ${height / 2})">` +
    rect(x, y, w, h, back, 'rx="12" stroke="#333" stroke-width="4"') +
    [x + 26, x + w - 26].map((cx) => `<circle cx="${cx}" cy="${y + 26}" r="12" fill="#8b9094"/>`).join('') +
    lines
      .map((line, index) =>
        text(line, { x: x + w * 0.07, y: y + h * (0.17 + index * 0.145), size: h * 0.075, fill: ink }),
      )
      .join('') +
    '</g>';
  return { width, height, svg };
}
