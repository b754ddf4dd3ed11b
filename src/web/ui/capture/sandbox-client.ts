import { PAGE_CALL, PAGE_REPLY, type PageCall, type PageReply } from '../sandbox/page-call.ts';
import type { Dd } from './dingtalk.ts';
import type { Ww, WwSignature } from './wecom.ts';

/**
 * Inside a phone of the sandbox: both vendors' scripts as far as they are used, with results in the vendors' shapes. The
 * phone around the frame plays camera, position and scanner, and checks the signature as the vendor's client does.
 */

let serial = 0;

function ask<T>(call: PageCall['call'], params: object = {}): Promise<T> {
  const id = (serial += 1);
  return new Promise((resolve, reject) => {
    const hear = (event: MessageEvent<PageReply>): void => {
      if (event.source !== window.parent || event.data?.kind !== PAGE_REPLY || event.data.id !== id) return;
      window.removeEventListener('message', hear);
      const { error, result } = event.data;
      if (error === undefined) resolve(result as T);
      else reject({ errMsg: `${call}:${error}`, errCode: 1, errorMessage: error, errorCode: 1 });
    };
    window.addEventListener('message', hear);
    const asked: PageCall = { kind: PAGE_CALL, id, call, params };
    window.parent.postMessage(asked, '*');
  });
}

const taken = new Map<string, File>();

async function shoot(prefix: string): Promise<{ path: string; file: File }> {
  const file = await ask<File>('camera');
  const path = `${prefix}${taken.size + 1}`;
  taken.set(path, file);
  return { path, file };
}

export function sandboxWw(): Ww {
  let registered: Parameters<Ww['register']>[0] | null = null;
  let ready: Promise<unknown> | null = null;
  /** Lazily and once, at the first call, as the vendor's script does it. */
  const whenReady = (): Promise<unknown> => {
    if (registered === null) return Promise.reject({ errMsg: 'register:fail', errCode: 1 });
    const { corpId, agentId, getConfigSignature } = registered;
    const url = location.href.split('#')[0] ?? '';
    ready ??= getConfigSignature(url).then((signature: WwSignature) =>
      ask('config', { url: location.href, as: 'company', corpId, agentId, ...signature }),
    );
    return ready;
  };
  return {
    register: (options) => void (registered = options),
    getLocation: async () => {
      await whenReady();
      const { lat, lng } = await ask<{ lat: number; lng: number }>('position');
      return { errMsg: 'getLocation:ok', errCode: 0, latitude: lat, longitude: lng, speed: 0, accuracy: 35 };
    },
    chooseImage: async () => {
      await whenReady();
      return { errMsg: 'chooseImage:ok', errCode: 0, localIds: [(await shoot('wxLocalResource://imageid')).path] };
    },
    getLocalImgData: async ({ localId }) => {
      const file = taken.get(localId);
      if (file === undefined) throw { errMsg: 'getLocalImgData:fail', errCode: 1 };
      return { errMsg: 'getLocalImgData:ok', errCode: 0, localData: await base64(file) };
    },
    uploadImage: () => Promise.reject({ errMsg: 'uploadImage:fail', errCode: 1 }),
    scanQRCode: async () => {
      await whenReady();
      return { errMsg: 'scanQRCode:ok', errCode: 0, resultStr: await ask<string>('scan') };
    },
    closeWindow: () => ask('close'),
  };
}

export function sandboxDd(): Dd {
  let good: Promise<unknown> = Promise.reject({ errorMessage: 'config first' });
  good.catch(() => undefined);
  let failed: ((error: unknown) => void) | null = null;
  return {
    config(config) {
      good = ask('config', { ...config, url: location.href });
      good.catch((error: unknown) => failed?.(error));
      return undefined;
    },
    ready: (then) => void good.then(then, () => undefined),
    error: (then) => void (failed = then),
    device: {
      geolocation: {
        async get() {
          await good;
          const { lat, lng } = await ask<{ lat: number; lng: number }>('position');
          const fix = { latitude: lat, longitude: lng, accuracy: 35, locationType: 4, isFromMock: false };
          return { ...fix, address: '', errorCode: 0, errorMessage: '' };
        },
      },
    },
    async scan() {
      return { text: await ask<string>('scan') };
    },
    async chooseImage() {
      await good;
      const { path, file } = await shoot('https://resource/');
      return { files: [{ path, size: file.size, fileType: 'image' }], filePaths: [path] };
    },
    /** The client's own request: none of the page's cookies go along. */
    async uploadFile({ url, filePath, fileName, header, formData }) {
      await good;
      const file = taken.get(String(filePath));
      if (file === undefined) throw { errorMessage: 'no such file' };
      const form = new FormData();
      for (const [name, value] of Object.entries(formData as Record<string, string>)) form.append(name, value);
      form.append(String(fileName), file, 'photo.jpg');
      const headers = header as Record<string, string>;
      const answer = await fetch(String(url), { method: 'POST', headers, body: form, credentials: 'omit' });
      return { statusCode: answer.status, data: await answer.text() };
    },
    closePage: () => ask('close'),
  };
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject({ errMsg: 'getLocalImgData:fail', errCode: 1 });
    reader.readAsDataURL(file);
  });
}
