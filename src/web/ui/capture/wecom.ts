import { askConfig, Refused, refusedBy, type Bridge, type Taken } from './bridge.ts';

/** What is used of `@wecom/jssdk`. https://developer.work.weixin.qq.com/document/path/98523 */
export interface Ww {
  register(options: {
    corpId: string;
    agentId: string;
    jsApiList: never[];
    getConfigSignature: (url: string) => Promise<WwSignature>;
    getAgentConfigSignature: (url: string) => Promise<WwSignature>;
  }): void;
  getLocation(options: { type: never }): Promise<{ latitude: number; longitude: number; accuracy: number }>;
  chooseImage(options: { count: number; sizeType: never[]; sourceType: never[] }): Promise<{ localIds: string[] }>;
  getLocalImgData(options: { localId: string }): Promise<{ localData: string }>;
  uploadImage(options: { localId: string; isShowProgressTips: boolean }): Promise<{ serverId: string }>;
  scanQRCode(options: { needResult: boolean; scanType: never[] }): Promise<{ resultStr?: string }>;
  closeWindow?(): unknown;
}

export interface WwSignature {
  timestamp: string;
  nonceStr: string;
  signature: string;
}

interface WwConfig {
  corpId: string;
  agentId: string;
  jsApiList: string[];
  signature: WwSignature;
}

/** The script's own types name each word; the lists are the same ones. */
const words = (...list: string[]): never[] => list as never[];

export async function wecomBridge(ww: Ww): Promise<Bridge> {
  const here = location.href.split('#')[0] ?? '';
  const config = await askConfig<WwConfig>(here);
  let first: WwSignature | null = config.signature;
  ww.register({
    corpId: config.corpId,
    agentId: config.agentId,
    jsApiList: words(...config.jsApiList),
    async getConfigSignature(url) {
      const known = url === here ? first : null;
      first = null;
      return known ?? (await askConfig<WwConfig>(url)).signature;
    },
    getAgentConfigSignature: async (url) => (await askConfig<WwConfig>(url, 'app')).signature,
  });
  const isPhone = /mobile|android|iphone|ipad/i.test(navigator.userAgent) || window.parent !== window;
  return {
    takePhoto: isPhone ? () => told(takePhoto(ww)) : null,
    position: () =>
      told(
        ww.getLocation({ type: 'gcj02' as never }).then((result) => ({
          from: 'client' as const,
          result: { latitude: result.latitude, longitude: result.longitude, accuracy: result.accuracy },
          accuracyMetres: result.accuracy,
        })),
      ),
    scan: () => told(ww.scanQRCode({ needResult: true, scanType: words('qrCode') }).then((r) => codeOf(r.resultStr))),
    close: () => void ww.closeWindow?.(),
  };
}

async function takePhoto(ww: Ww): Promise<Taken> {
  const chosen = await ww.chooseImage({ count: 1, sizeType: words('original'), sourceType: words('camera') });
  const [localId] = chosen.localIds;
  if (localId === undefined) throw new Refused('cancelled');
  try {
    const { localData } = await ww.getLocalImgData({ localId });
    return { kind: 'file', file: fileOf(localData) };
  } catch {
    // Only iOS hands the bytes to a page; elsewhere the platform keeps them and the server fetches them.
    const { serverId } = await ww.uploadImage({ localId, isShowProgressTips: true });
    return { kind: 'media', media: serverId };
  }
}

/** Base64, with or without the head of a data address. */
function fileOf(localData: string): File {
  const plain = atob(localData.replace(/^data:[^,]*,/, '').replace(/\s/g, ''));
  if (plain === '') throw new Refused('failed');
  const bytes = Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  return new File([bytes], 'photo.jpg', { type: 'image/jpeg' });
}

/** Some clients put the kind of code before it. */
function codeOf(text: unknown): string {
  if (typeof text !== 'string' || text === '') throw new Refused('failed');
  return text.replace(/^(QR_CODE|CODE_\d+|EAN_\d+),/, '');
}

async function told<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw refusedBy((error as { errMsg?: string } | null)?.errMsg ?? String(error));
  }
}
