import type { CaptureView } from '../../captures.ts';
import type { RefusedWhy } from './bridge.ts';

/** Sentences of the capture page. */

export const TITLE: Record<CaptureView['kind'], string> = { photo: '拍', 'check-in': '到场签到', scan: '扫码' };

/** The client's script is being loaded and signed for: until then nothing can be taken. */
export const GETTING_READY = '正在准备…';

/** Without a position the photo still goes; what then becomes of it is said before. */
export const NO_POSITION: Record<RefusedWhy, string> = {
  denied: '没允许定位。照样能交，位置这一项会是「未核验」。',
  cancelled: '没有定位。照样能交，位置这一项会是「未核验」。',
  unsupported: '这里拿不到定位。照样能交，位置这一项会是「未核验」。',
  failed: '定位没成功，信号不好时会这样。照样能交，位置这一项会是「未核验」。',
};
export const NO_PLACE: Record<RefusedWhy, string> = {
  denied: '没允许定位，到场还不算数。允许后再点一次，或者扫客户的拜访二维码。',
  cancelled: '没有定位，到场还不算数。再点一次，或者扫客户的拜访二维码。',
  unsupported: '这里拿不到定位。扫客户的拜访二维码，或者回聊天里发一个定位。',
  failed: '定位没成功。走到信号好的地方再点一次，或者扫客户的拜访二维码。',
};
export const NO_CAMERA: Record<RefusedWhy, string> = {
  denied: '没允许用相机。在系统设置里允许后再点一次。',
  cancelled: '',
  unsupported: '这里打不开相机，再点一次「拍照」换一种方式。',
  failed: '相机没打开，再点一次「拍照」换一种方式。',
};
export const NO_SCAN: Record<RefusedWhy, string> = {
  denied: '没允许用相机。在系统设置里允许后再点一次。',
  cancelled: '',
  unsupported: '这里不能扫码。用手机相机扫客户的码，打开后点确认。',
  failed: '没扫出来，再点一次。',
};

export const RESULT: Record<NonNullable<CaptureView['sent']>['state'], string> = {
  received: '收到了',
  checking: '正在核验',
  passed: '通过了',
  failed: '没通过',
  unchecked: '未核验',
  review: '请人复核',
};

export function positionWords(accuracyMetres: number | null): string {
  return accuracyMetres === null ? '已定位' : `已定位，误差约 ${Math.max(1, Math.round(accuracyMetres))} 米`;
}
