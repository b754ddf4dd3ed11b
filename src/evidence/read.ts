import { sha256, unreachable } from '../core/index.js';
import { weighTimes } from './judge/photo-time.js';
import type { PhotoWant } from './photo/extract.js';
import { findHeader, measureDepth } from './tables.js';
import type { Evidence } from './service.js';

export const FACT_KINDS = ['watermark', 'door-plate', 'nameplate', 'photo', 'pdf', 'sheet', 'voice'] as const;
export type FactKind = (typeof FACT_KINDS)[number];

export interface ReadOptions {
  /** Names that may stand on a door plate. */
  list?: string[];
}

const NOTHING: PhotoWant = { watermark: false, plates: null, nameplate: false };

/** What the extractors find in a file, without anybody asking for anything: plain JSON. A file that cannot be read throws BadFileError. */
export async function readFacts(
  evidence: Evidence,
  kind: FactKind,
  bytes: Uint8Array,
  { list }: ReadOptions = {},
): Promise<Record<string, unknown>> {
  switch (kind) {
    case 'watermark': {
      const { watermark } = await evidence.extract('photo', bytes, { ...NOTHING, watermark: true });
      const readings = watermark?.readings ?? [];
      const time = weighTimes(readings, []);
      // Two readers that contradict each other: no value is better than a wrong one.
      const at = time.contested ? null : time.at;
      return {
        takenAt: at?.length === 16 ? at : null,
        date: at?.slice(0, 10) ?? null,
        sure: at?.length === 16 && time.support >= 2,
        ambiguous: time.ambiguous,
        source: time.source,
        readings: readings.map(({ source, dates, times }) => ({ source, dates, times })),
        text: watermark?.text ?? [],
      };
    }
    case 'door-plate': {
      const { plate } = await evidence.extract('photo', bytes, { ...NOTHING, plates: list ?? [] });
      const match = plate?.match ?? null;
      return {
        match: match !== null && (match.listed || list === undefined) ? match.name : null,
        other: match !== null && !match.listed && list !== undefined ? match.name : null,
        score: match?.score ?? null,
        step: plate?.step ?? null,
        reader: plate?.reader ?? null,
        text: plate?.text ?? [],
      };
    }
    case 'nameplate': {
      const { nameplate } = await evidence.extract('photo', bytes, { ...NOTHING, nameplate: true });
      return {
        model: nameplate?.model?.value ?? null,
        serial: nameplate?.serial?.value ?? null,
        agreed: { model: nameplate?.model?.agreed ?? 0, serial: nameplate?.serial?.agreed ?? 0 },
        readers: { model: nameplate?.model?.readers ?? [], serial: nameplate?.serial?.readers ?? [] },
        text: nameplate?.text ?? [],
      };
    }
    case 'photo': {
      const { exif, environment, qr, width, height } = await evidence.extract('photo', bytes, {
        ...NOTHING,
        anySize: true,
      });
      return {
        sha256: sha256(bytes),
        width,
        height,
        position: exif.position,
        capturedAt: exif.capturedAt,
        gpsAt: exif.gpsAt,
        camera: exif.camera,
        environment,
        qr,
      };
    }
    case 'pdf': {
      const { pages, textBytes, scanned, picturePages, bytes: size, ocr } = await evidence.extract('pdf', bytes);
      // The first pages without a text layer, as the verifier reads them; what is beyond its limits is among `picturePages` only.
      const read = ocr.flatMap(({ page, readings }) => readings.map(({ reader, text }) => ({ page, reader, text })));
      return { sha256: sha256(bytes), bytes: size, pages, textBytes, scanned, picturePages, ocr: read };
    }
    case 'voice': {
      const facts = await evidence.extract('voice', bytes);
      return { sha256: sha256(bytes), ...facts };
    }
    case 'sheet': {
      const { rows, sheet, hiddenRows, formulas, encoding } = await evidence.extract('sheet', bytes);
      const header = findHeader(rows, ['型号', '数量', '使用年限']);
      const depth = measureDepth(rows);
      return {
        sha256: sha256(bytes),
        sheet,
        rows: rows.length,
        hiddenRows,
        formulas,
        encoding,
        columns: header === null ? [] : [...header.columns.keys()],
        levels: depth.levels,
        levelsBy: depth.by,
      };
    }
    default:
      return unreachable(kind);
  }
}
