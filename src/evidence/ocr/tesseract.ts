import { join } from 'node:path';
import { createWorker, OEM, PSM, type Worker } from 'tesseract.js';
import { projectRoot } from '../../core/index.js';
import { toPgm, type Grey } from '../photo/grey.js';
import type { OcrEngine, ReadText, Script } from './engine.js';

type Language = 'chi_sim' | 'eng';

const LANGUAGE: Record<Script, Language> = { chinese: 'chi_sim', latin: 'eng', digits: 'eng' };
const WHITELIST: Record<Script, string> = { chinese: '', latin: '', digits: '0123456789:./-' };

/**
 * tesseract.js with the language data of the npm packages: nothing is downloaded. One recogniser a language, made at first use
 * (about 0.4 s, and the first recognition is several times slower) and kept. Calls are queued, since settings stick to a recogniser.
 */
export function createTesseract(): OcrEngine {
  const workers = new Map<Language, Promise<Worker>>();
  let queue: Promise<unknown> = Promise.resolve();

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
  const workerOf = (language: Language): Promise<Worker> => {
    let worker = workers.get(language);
    if (worker === undefined) workers.set(language, (worker = start(language)));
    return worker;
  };
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };

  return {
    id: 'tesseract',
    line: (image, script) =>
      inOrder(async () => {
        const worker = await workerOf(LANGUAGE[script]);
        await worker.setParameters({
          tessedit_pageseg_mode: PSM.SINGLE_LINE,
          tessedit_char_whitelist: WHITELIST[script],
        });
        return await recognise(worker, image);
      }),
    sparse: (image, script) =>
      inOrder(async () => {
        const worker = await workerOf(LANGUAGE[script]);
        await worker.setParameters({
          tessedit_pageseg_mode: PSM.SPARSE_TEXT,
          tessedit_char_whitelist: WHITELIST[script],
        });
        const { text, confidence } = await recognise(worker, image);
        return text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line): ReadText => ({ text: line, confidence }));
      }),
    close: async () => {
      const all = await Promise.allSettled(workers.values());
      workers.clear();
      await Promise.all(all.map(async (one) => (one.status === 'fulfilled' ? await one.value.terminate() : undefined)));
    },
  };
}

async function recognise(worker: Worker, image: Grey): Promise<ReadText> {
  const { data } = await worker.recognize(toPgm(image), {}, { text: true });
  return { text: data.text, confidence: data.confidence / 100 };
}
