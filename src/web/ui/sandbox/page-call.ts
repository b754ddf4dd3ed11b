/** Between a page in a phone of the sandbox and the phone around it. */

export const PAGE_CALL = 'trailmark.page-call';
export const PAGE_REPLY = 'trailmark.page-reply';

export interface PageCall {
  kind: typeof PAGE_CALL;
  id: number;
  call: 'config' | 'camera' | 'position' | 'scan' | 'close';
  params: object;
}

export interface PageReply {
  kind: typeof PAGE_REPLY;
  id: number;
  result?: unknown;
  /** `cancel`, `permission denied`, or the client's words about the signature. */
  error?: string;
}
