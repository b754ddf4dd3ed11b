import ExcelJS from 'exceljs';
import iconv from 'iconv-lite';
import { seeded } from './draw.js';

const HEADER = ['序号', '设备名称', '型号', '数量', '使用年限'] as const;
const DEVICES = ['全自动生化分析仪', '血细胞分析仪', '化学发光仪', '离心机', '尿液分析仪', '血气分析仪'] as const;

function equipmentRows(seed: number, gap: boolean): (string | number)[][] {
  const random = seeded(seed + 5);
  const rows = DEVICES.map((device, index) => [
    index + 1,
    device,
    `${'ABCDEF'[index] ?? 'A'}${String.fromCharCode(65 + Math.floor(random() * 26))}-${100 + Math.floor(random() * 900)}`,
    1 + Math.floor(random() * 4),
    `${1 + Math.floor(random() * 11)}年`,
  ]);
  const incomplete = rows[2];
  if (gap && incomplete !== undefined) incomplete[4] = '';
  return rows;
}

async function bytesOf(workbook: ExcelJS.Workbook, at: Date): Promise<Buffer> {
  workbook.created = at;
  workbook.modified = at;
  return Buffer.from(await workbook.xlsx.writeBuffer());
}

/** 型号, 数量, 使用年限 under a merged title; with `gap` the third device has no age. */
export async function equipmentList(clientName: string, at: Date, seed: number, gap: boolean): Promise<Buffer> {
  const workbook = new ExcelJS.Workbook();
  const sheet = workbook.addWorksheet('设备清单');
  sheet.addRow([`${clientName} 现有设备清单`]);
  sheet.mergeCells(1, 1, 1, HEADER.length);
  sheet.addRow([...HEADER]).font = { bold: true };
  for (const row of equipmentRows(seed, gap)) sheet.addRow(row.map((cell) => (cell === '' ? null : cell)));
  sheet.columns.forEach((column, index) => (column.width = [8, 26, 14, 8, 12][index] ?? 12));
  return await bytesOf(workbook, at);
}

/** As spreadsheet programs on a Chinese Windows save it: GBK, CRLF. */
export function equipmentCsv(seed: number): Buffer {
  const lines = [HEADER.join(','), ...equipmentRows(seed, false).map((row) => row.join(','))];
  return iconv.encode(`${lines.join('\r\n')}\r\n`, 'gbk');
}

/** A cost sheet numbered 1, 1.1, 1.1.1; without the third level when `levels` is 2. */
export async function costSheet(at: Date, seed: number, levels: 2 | 3): Promise<Buffer> {
  const random = seeded(seed + 9);
  const workbook = new ExcelJS.Workbook();
  const sheet = workbook.addWorksheet('成本核算');
  sheet.addRow(['编号', '成本项', '金额（元）']).font = { bold: true };
  const groups: [string, [string, string[]][]][] = [
    [
      '设备成本',
      [
        ['主机', ['生化模块', '免疫模块']],
        ['轨道', ['直轨', '转角']],
      ],
    ],
    [
      '实施成本',
      [
        ['安装', ['人工', '吊装']],
        ['培训', ['讲师', '资料']],
      ],
    ],
  ];
  groups.forEach(([group, items], first) => {
    sheet.addRow([`${first + 1}`, group, null]);
    items.forEach(([item, parts], second) => {
      sheet.addRow([`${first + 1}.${second + 1}`, item, levels === 2 ? Math.floor(random() * 90_000) : null]);
      if (levels === 3) {
        parts.forEach((part, third) =>
          sheet.addRow([`${first + 1}.${second + 1}.${third + 1}`, part, Math.floor(random() * 90_000)]),
        );
      }
    });
  });
  return await bytesOf(workbook, at);
}
