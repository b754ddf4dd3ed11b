export interface WecomConfig {
  corpId: string;
  agentId: string;
  secret: string;
  token: string;
  encodingAesKey: string;
  contactsSecret: string;
  /** Keys of the directory's own callback; null: not set up. */
  contacts: { token: string; encodingAesKey: string } | null;
  /** Keys of the AI bot (智能机器人) that answers in group chats; null: there is none. */
  aibot: { token: string; encodingAesKey: string } | null;
  /** The same bot by its long connection instead; null: not so. `url` empty: the vendor's. */
  aibotLink: { botId: string; secret: string; url: string } | null;
  /** Robots of group chats (群机器人) by the group's id in the org: keys of their webhooks. */
  groupRobots: Readonly<Record<string, string>>;
  /** Further apps of the company, each with its own callback. */
  moreApps: readonly { agentId: string; secret: string; token: string; encodingAesKey: string }[];
  /** Callbacks are taken only from the addresses that WeCom publishes. */
  checkSource: boolean;
  /** Files by which the console checks that the domain is ours: content by name. */
  verifyFiles: Readonly<Record<string, string>>;
  /** Members the company's account may have (账号上限): 200 messages a day for each. 0: not known, not counted. */
  accountLimit: number;
  apiBase: string;
}

export interface DingtalkConfig {
  clientId: string;
  clientSecret: string;
  robotCode: string;
  corpId: string;
  agentId: string;
  mode: 'stream' | 'http';
  apiBase: string;
  oapiBase: string;
  cardTemplateId: string;
  /** The last step of an escalation as a DING besides its card. */
  ding?: 'off' | 'app' | 'sms' | 'phone';
  /** Datum of the places of official check-ins. */
  checkInDatum?: 'wgs84' | 'gcj02';
  /** Calls a month that the company's edition allows. */
  monthlyCalls?: number;
  /** Pushes a month (robot messages, clicks, events) that it allows. */
  monthlyPushes?: number;
  /** Keys of the event subscription in HTTP mode; without them encrypted events are refused. */
  eventToken?: string;
  eventAesKey?: string;
  /** Custom robots of groups (自定义机器人) by the group's id in the org. */
  groupRobots?: Readonly<Record<string, { accessToken: string; secret: string }>>;
  /** Our own address for card clicks in HTTP mode; known once the server listens. */
  callbackUrl?: string;
}

/** The service that puts recordings into words. */
export interface AsrConfig {
  url: string;
  token: string;
  model: string;
}

export type Role = 'web' | 'worker' | 'ocr';

export interface Config {
  host: string;
  port: number;
  /** Address that people's phones open; no trailing slash. Empty: made from host and port once listening. */
  publicUrl: string;
  dataDir: string;
  /** Empty: the embedded store. */
  mongodbUri: string;
  /** Empty: made and kept in `dataDir` (embedded store only). */
  secretKey: string;
  roles: ReadonlySet<Role>;
  sandbox: boolean;
  zone: string;
  logLevel: string;
  ocrEngines: 'both' | 'tesseract';
  /** How long files are kept, days; 0: for ever. Verdicts, facts and hashes stay. */
  retention: { photoDays: number; documentDays: number; recordingDays: number };
  /** Null: only the platforms' own texts. */
  asr: AsrConfig | null;
  /** Addresses or ranges of our own reverse proxies. */
  trustedProxies: readonly string[];
  wecom: WecomConfig | null;
  /** Where WeCom's API is called instead of the vendor's or the sandbox's own address; empty: there. */
  wecomApiBase: string;
  dingtalk: DingtalkConfig | null;
  /** How DingTalk is received, also in the sandbox. */
  dingtalkMode: 'stream' | 'http';
}
