/** What administrators see of messages, and what they do about them; plain JSON like all of `backend.ts`. */

/** Messages that were given up, by cause; for administrators. */
export interface UndeliveredView {
  causes: {
    id: string;
    /** 企业微信, 钉钉 */
    platform: string;
    code: string;
    /** What to do about it, in words. */
    todo: string;
    messages: { key: string; to: string; about: string; at: string }[];
  }[];
  /** Older ones that are not shown. */
  more: number;
  /** Where the month's calls stand, a few lines each platform that counts them. */
  quotas: string[][];
  /** What followed from something and can be done by nothing: a fault of the program, kept for whoever mends it. */
  putAside: number;
}

/** Messages that can still be taken back, newest first, and those that were. */
export interface SentView {
  messages: {
    key: string;
    platform: string;
    to: string;
    about: string;
    at: string;
    /** `系统管理员 今天 10:20` */
    recalled?: string;
  }[];
  /** More that fit what was looked for. */
  more: number;
}
