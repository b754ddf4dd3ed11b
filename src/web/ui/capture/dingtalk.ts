import { askConfig, Refused, refusedBy, type Bridge, type UploadTo } from './bridge.ts';

type Answer = Record<string, unknown>;
type Call = (params: Record<string, unknown>) => unknown;

/** What is used of `dingtalk-jsapi`; every call takes `success` and `fail`, older clients `onSuccess` and `onFail`. */
export interface Dd {
  config: Call;
  ready?: ((then: () => void) => unknown) | undefined;
  error?: ((then: (error: unknown) => void) => unknown) | undefined;
  getLocation?: Call | undefined;
  device?: { geolocation?: { get?: Call } };
  scan?: Call | undefined;
  biz?: { util?: { scan?: Call }; navigation?: { close?: Call } };
  chooseImage?: Call | undefined;
  uploadFile?: Call | undefined;
  closePage?: Call | undefined;
}

/** A client that knows none of it must not keep the page waiting. */
const CONFIG_MS = 8_000;

/** https://open.dingtalk.com/document/development/jsapi-authentication */
export async function dingtalkBridge(dd: Dd): Promise<Bridge> {
  const config = await askConfig<Record<string, unknown>>(location.href);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Refused('failed')), CONFIG_MS);
    const done = (then: () => void) => () => {
      clearTimeout(timer);
      then();
    };
    dd.error?.(done(() => reject(new Refused('failed'))));
    dd.config(config);
    if (dd.ready === undefined) done(resolve)();
    else dd.ready(done(resolve));
  });
  const { chooseImage, uploadFile } = dd;
  const scan = dd.scan ?? dd.biz?.util?.scan;
  const close = dd.closePage ?? dd.biz?.navigation?.close;
  return {
    takePhoto:
      chooseImage === undefined || uploadFile === undefined
        ? null
        : async () => {
            const [file] = filesOf(await call(chooseImage, { count: 1, sourceType: ['camera'] }));
            if (file === undefined) throw new Refused('cancelled');
            return { kind: 'upload', size: file.size, send: (to) => upload(uploadFile, file.path, to) };
          },
    position: async () => {
      const result = await locate(dd);
      const accuracy = Number(result['accuracy']);
      return { from: 'client', result, accuracyMetres: accuracy > 0 ? accuracy : null };
    },
    scan:
      scan === undefined
        ? null
        : async () => {
            const { text, code } = await call(scan, { type: dd.scan === undefined ? 'qrCode' : 'qr' });
            const found = typeof text === 'string' && text !== '' ? text : code;
            if (typeof found !== 'string' || found === '') throw new Refused('failed');
            return found;
          },
    close: close === undefined ? null : () => void call(close, {}).catch(() => undefined),
  };
}

/**
 * The older name first: only it tells on Android that a position is made up, and from a cache on both. Asked for 高德
 * coordinates and no cache. https://open.dingtalk.com/document/development/jsapi-get-location
 */
async function locate(dd: Dd): Promise<Answer> {
  const older = dd.device?.geolocation?.get;
  if (older !== undefined) {
    try {
      return await call(older, { targetAccuracy: 200, coordinate: 1, withReGeocode: false, useCache: false });
    } catch (error) {
      if (!(error instanceof Refused) || error.why !== 'unsupported' || dd.getLocation === undefined) throw error;
    }
  }
  if (dd.getLocation === undefined) throw new Refused('unsupported');
  const asked = { type: 0, useCache: false, coordinate: '1', withReGeocode: false, targetAccuracy: '200' };
  return call(dd.getLocation, asked);
}

function filesOf(answer: Answer): { path: string; size: number }[] {
  const files = Array.isArray(answer['files']) ? (answer['files'] as Answer[]) : [];
  const paths = Array.isArray(answer['filePaths']) ? (answer['filePaths'] as unknown[]) : [];
  const found = files.length > 0 ? files : paths.map((path) => ({ path }));
  return found.flatMap(({ path, size }: Answer) =>
    typeof path === 'string' && path !== '' ? [{ path, size: Number(size) || 0 }] : [],
  );
}

/** Straight from the client to our server. https://open.dingtalk.com/document/development/jsapi-upload-file */
async function upload(uploadFile: Call, filePath: string, { url, headers, fields }: UploadTo): Promise<void> {
  const sent = { url, filePath, fileName: 'photo', fileType: 'image', header: headers, formData: fields };
  const answer = await call(uploadFile, sent);
  const status = Number(answer['statusCode'] ?? 200);
  if (status >= 400) throw new Refused('failed');
}

function call(method: Call, params: Record<string, unknown>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const good = (answer: unknown): void => resolve((answer ?? {}) as Answer);
    const bad = (error: unknown): void => reject(error instanceof Refused ? error : refusedBy(wordsOf(error)));
    try {
      const begun = method({ ...params, success: good, fail: bad, onSuccess: good, onFail: bad });
      if (begun instanceof Promise) begun.then(good, bad);
    } catch (error) {
      bad(error);
    }
  });
}

function wordsOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { errorMessage = '', errorCode = '' } = (error ?? {}) as { errorMessage?: string; errorCode?: unknown };
  // 11 is "no permission" of the position; 3 and 7 of most calls say that the client does not know it.
  return `${String(errorCode) === '11' ? 'permission' : ''} ${errorMessage} ${error instanceof Error ? error.message : ''}`;
}
