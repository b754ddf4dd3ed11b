import { join } from 'node:path';
import { createWorker, OEM, PSM, type Worker } from 'tesseract.js';
import { projectRoot } from '../../core/index.js';
import { grey, toPnm, type Grey, type Rgb } from '../photo/grey.js';
import { channelsOf, createLane, type OcrEngine, type ReadLine, type ReadText, type Script } from './engine.js';

type Language = 'chi_sim' | 'eng';

const LANGUAGE: Record<Script, Language> = { chinese: 'chi_sim', latin: 'eng', digits: 'eng' };
const WHITELIST: Record<Script, string> = { chinese: '', latin: '', digits: '0123456789:./-' };

/**
 * tesseract.js with the language data of the npm packages: nothing is downloaded. One recogniser a language, made at first use
 * (about 0.4 s, and the first recognition is several times slower) and kept. Calls are queued, since settings stick to a recogniser.
 */
export function createTesseract(): OcrEngine {
  const workers = new Map<Language, Promise<Worker>>();
  const inOrder = createLane();
  let closed = false;

  const start = async (language: Language): Promise<Worker> => {
    const worker = await createWorker(language, OEM.LSTM_ONLY, {
      langPath: join(projectRoot, 'node_modules/@tesseract.js-data', language, '4.0.0_best_int'),
      cacheMethod: 'none',
      gzip: true,
      // Without a handler a bad picture ends the process; the rejection of the call says the same.
      errorHandler: () => undefined,
    });
    await worker.setParameters({ user_defined_dpi: '300' });
    return worker;
  };
  const prepared = async (script: Script, mode: PSM): Promise<Worker> => {
    if (closed) throw new Error('the reader is closed');
    const language = LANGUAGE[script];
    let worker = workers.get(language);
    if (worker === undefined) workers.set(language, (worker = start(language)));
    const ready = await worker;
    await ready.setParameters({ tessedit_pageseg_mode: mode, tessedit_char_whitelist: WHITELIST[script] });
    return ready;
  };

  const engine: OcrEngine = {
    id: 'tesseract',
    line: (image, script) =>
      inOrder(async (): Promise<ReadText> => {
        channelsOf(image);
        const worker = await prepared(script, PSM.SINGLE_LINE);
        const { data } = await worker.recognize(toPnm(image), {}, { text: true });
        return { text: data.text.trim(), confidence: data.confidence / 100 };
      }),
    page: (image, { script = 'chinese', document = false } = {}) =>
      inOrder(async () => {
        channelsOf(image);
        const worker = await prepared(script, document ? PSM.AUTO : PSM.SPARSE_TEXT);
        return await readLines(worker, image);
      }),
    warm: async () => {
      const blank: Grey = grey(64, 48, 255);
      await engine.line(blank, 'chinese');
      await engine.line(blank, 'digits');
    },
    close: async () => {
      closed = true;
      const all = await Promise.allSettled(workers.values());
      workers.clear();
      await Promise.all(all.map(async (one) => (one.status === 'fulfilled' ? await one.value.terminate() : undefined)));
    },
  };
  return engine;
}

async function readLines(worker: Worker, image: Grey | Rgb): Promise<ReadLine[]> {
  const { data } = await worker.recognize(toPnm(image), {}, { blocks: true });
  return (data.blocks ?? [])
    .flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, confidence, bbox }): ReadLine => {
      const box = { x: bbox.x0, y: bbox.y0, width: bbox.x1 - bbox.x0, height: bbox.y1 - bbox.y0 };
      return { text: text.trim(), confidence: confidence / 100, box, textHeight: box.height };
    })
    .sort((a, b) => a.box.y - b.box.y);
}
