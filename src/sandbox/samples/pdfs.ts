import PDFDocument from 'pdfkit';
import sharp from 'sharp';
import { boldFontFile, escapeXml, fontFile, grain, rect, render, seeded, text } from './draw.js';

export interface PdfPlan {
  clientName: string;
  /** Today as printed: `2026年11月24日`. */
  today: string;
  at: Date;
  seed: number;
}

/** Made with the packaged font, embedded as a subset, the way word processors do it. */
async function pdf(
  plan: PdfPlan,
  write: (document: PDFKit.PDFDocument) => void | Promise<void>,
  options: { password?: string } = {},
): Promise<Buffer> {
  const document = new PDFDocument({
    size: 'A4',
    margin: 64,
    font: fontFile,
    info: { Title: `sample ${plan.seed}`, CreationDate: plan.at, ModDate: plan.at },
    ...(options.password === undefined
      ? {}
      : { userPassword: options.password, ownerPassword: `${options.password}-owner` }),
  });
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', resolve);
    document.on('error', reject);
  });
  document.registerFont('bold', boldFontFile).registerFont('plain', fontFile);
  await write(document);
  document.end();
  await done;
  return Buffer.concat(chunks);
}

const title = (document: PDFKit.PDFDocument, words: string): void => {
  document.font('bold').fontSize(20).text(words, { align: 'center' }).moveDown(1.2).font('plain').fontSize(11);
};
const paragraphs = (document: PDFKit.PDFDocument, lines: readonly string[]): void => {
  for (const line of lines) document.text(line, { lineGap: 4 }).moveDown(0.4);
};
const reference = (plan: PdfPlan, prefix: string): string => `${prefix}-${String(100000 + (plan.seed % 899999))}`;

/** A proposal that names the client exactly `times` times. */
export async function proposal(plan: PdfPlan, times: number): Promise<Buffer> {
  const named = [
    `客户：${plan.clientName}`,
    `本方案依据${plan.clientName}检验科的样本量和现有设备编制。`,
    `实施完成后，由${plan.clientName}设备科组织验收。`,
  ];
  while (named.length < times) named.push(`附件 ${named.length - 2}：${plan.clientName}现场勘察记录。`);
  return await pdf(plan, (document) => {
    title(document, '检验流水线定制方案');
    paragraphs(document, [
      `编号：${reference(plan, 'FA')}　日期：${plan.today}`,
      ...named.slice(0, times),
      '一、现状：日均样本 1,200 管，高峰集中在 8:30 到 10:00，离心前等待最长。',
      '二、配置：前处理系统 1 套，生化免疫级联 2 套，轨道 14 米，质控软件 1 套。',
      '三、实施：勘察 3 天，安装 9 天，性能验证 5 天，培训 2 场。',
      '四、服务：整机质保 36 个月，4 小时到场，每季度预防性维护 1 次。',
    ]);
    document.addPage();
    title(document, '技术参数');
    paragraphs(
      document,
      Array.from(
        { length: 18 },
        (_, row) => `${row + 1}. 项目 ${row + 1}：通量 ${400 + ((plan.seed * 7 + row * 37) % 900)} 测试/小时`,
      ),
    );
  });
}

/** A tiered quotation that is valid to the end of `validTo` (`2026年12月24日`). */
export async function quotation(plan: PdfPlan, validTo: string): Promise<Buffer> {
  return await pdf(plan, (document) => {
    title(document, '阶梯报价单');
    paragraphs(document, [
      `报价编号：${reference(plan, 'BJ')}`,
      `致：${plan.clientName}`,
      `报价日期：${plan.today}`,
      '1–2 套：每套 486,000 元　3–5 套：每套 462,000 元　6 套以上：每套 441,000 元',
      '含运输、安装、两年耗材优惠价，不含场地改造。',
      `有效期至：${validTo}`,
      '授权印章：',
    ]);
    seal(document, 400, document.y + 6);
  });
}

/** A signed contract says 已签合同 and carries a scanned signature page; a draft says neither but has a floor plan. Both are over 100 KB. */
export async function contract(plan: PdfPlan, signed: boolean): Promise<Buffer> {
  const picture = signed ? await signaturePage(plan) : await floorPlan(plan);
  return await pdf(plan, (document) => {
    title(document, signed ? '设备采购合同（已签合同）' : '设备采购合同（征求意见稿）');
    paragraphs(document, [
      `合同编号：${reference(plan, 'HT')}　日期：${plan.today}`,
      `甲方：${plan.clientName}`,
      '乙方：某某医疗器械有限公司',
      '第一条　标的：全自动生化分析仪 2 台，含配套软件与安装调试。',
      '第二条　价款：人民币 924,000 元，验收后 30 日内支付 90%，质保期满支付 10%。',
      '第三条　交付：合同生效后 45 日内到货，到货后 9 日内完成安装。',
      '第四条　质保：整机 36 个月，自验收合格之日起计算。',
    ]);
    document.addPage();
    if (signed) {
      document.image(picture, 0, 0, { width: 595 });
      seal(document, 380, 560);
    } else {
      paragraphs(document, ['附件一　检验科设备平面布置图', '图中尺寸以毫米为单位，轨道两端各留 800 毫米检修空间。']);
      document.image(picture, 64, document.y, { width: 467 });
    }
  });
}

/** Needs a password to be opened. */
export async function encryptedPdf(plan: PdfPlan): Promise<Buffer> {
  return await pdf(
    plan,
    (document) => {
      title(document, '设备采购合同（已签合同）');
      paragraphs(document, [`甲方：${plan.clientName}`, `日期：${plan.today}`]);
    },
    { password: 'sample' },
  );
}

/** Pages that are pictures: a copier's PDF without a text layer. */
export async function scannedPdf(plan: PdfPlan): Promise<Buffer> {
  const page = await signaturePage(plan);
  return await pdf(plan, (document) => {
    document.image(page, 0, 0, { width: 595 });
  });
}

/** Begins like a PDF and ends in the middle. */
export async function brokenPdf(plan: PdfPlan): Promise<Buffer> {
  const whole = await proposal(plan, 3);
  return whole.subarray(0, Math.floor(whole.length * 0.3));
}

async function signaturePage(plan: PdfPlan): Promise<Buffer> {
  const random = seeded(plan.seed + 17);
  const width = 1240;
  const height = 1754;
  const stroke = (x: number, y: number): string => {
    let path = `M${x} ${y}`;
    for (let step = 0; step < 9; step += 1)
      path += ` q${10 + random() * 24} ${-40 + random() * 80} ${22 + random() * 20} ${-12 + random() * 24}`;
    return `<path d="${path}" fill="none" stroke="#20305a" stroke-width="5"/>`;
  };
  const lines = [
    '设备采购合同',
    `甲方（盖章）：${plan.clientName}`,
    '授权代表签字：',
    '乙方（盖章）：某某医疗器械有限公司',
    '授权代表签字：',
    `签订日期：${plan.today}`,
  ];
  const body =
    `<rect width="${width}" height="${height}" fill="#f7f5ef"/><desc>${escapeXml(plan.today)}</desc>` +
    lines.map((line, index) => text(line, { x: 150, y: 300 + index * 190, size: 40, fill: '#222' })).join('') +
    stroke(470, 680) +
    stroke(470, 1060);
  const page = grain(render(width, height, body), random, { sigma: 7, exposure: 1 });
  return await sharp(page.data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 78 })
    .toBuffer();
}

/** A sketch of a room with benches, on paper. */
async function floorPlan(plan: PdfPlan): Promise<Buffer> {
  const random = seeded(plan.seed + 29);
  const [width, height] = [1240, 900];
  const benches = Array.from({ length: 7 }, (_, index) =>
    rect(
      120 + (index % 4) * 260,
      150 + Math.floor(index / 4) * 340,
      120 + 90 * random(),
      90 + 120 * random(),
      '#d7dde2',
      'stroke="#334" stroke-width="4"',
    ),
  );
  const room = rect(60, 60, width - 120, height - 120, '#fbfaf6', 'stroke="#223" stroke-width="10"');
  const page = grain(render(width, height, room + benches.join('')), random, { sigma: 7, exposure: 1 });
  return await sharp(page.data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 78 })
    .toBuffer();
}

function seal(document: PDFKit.PDFDocument, x: number, y: number): void {
  document.save();
  document
    .circle(x, y + 60, 58)
    .lineWidth(3)
    .strokeColor('#d0312d')
    .stroke();
  document
    .fillColor('#d0312d')
    .font('bold')
    .fontSize(10)
    .text('样例印章', x - 40, y + 54, { width: 80, align: 'center' });
  document.restore().font('plain').fillColor('black');
}
