import { z } from 'zod';

/** Shapes on the wire, as far as we read them. Unknown keys are let through unread. */

/** How the last step of an escalation is pressed home besides its card. SMS and phone need packs that are bought. */
export type DingMode = 'off' | 'app' | 'sms' | 'phone';

export interface DingtalkSettings {
  /** AppKey. */
  clientId: string;
  /** AppSecret. */
  clientSecret: string;
  /** For a self-built app the AppKey, but the vendor treats it as its own setting. */
  robotCode: string;
  corpId: string;
  agentId: string;
  /** `https://api.dingtalk.com`: token in a header, camelCase. */
  apiBase: string;
  /** `https://oapi.dingtalk.com`: token in the query, snake_case, HTTP 200 also for refusals. */
  oapiBase: string;
  /** Published template of the product (`template/`); empty: cards become action cards and numbered text. */
  cardTemplateId: string;
  mode: 'stream' | 'http';
  /** Hosts from which media may be fetched; `.example.com` means all its subdomains. Default: the vendor's. */
  mediaHosts?: string[];
  /** HTTP mode: our public `/callback/dingtalk`, registered for card clicks at start. */
  callbackUrl?: string;
  /** HTTP mode: token and AES key of the event subscription. Without them encrypted events are refused. */
  eventToken?: string;
  eventAesKey?: string;
  /** Custom robots of groups, by the id behind `robot:` in the chat's id. */
  groupRobots?: Readonly<Record<string, { accessToken: string; secret: string }>>;
  /** The last step of an escalation as a DING besides its card; default `off`. */
  ding?: DingMode;
  /** Datum of the places of official check-ins; the vendor does not say, its maps are Gaode's. Default `gcj02`. */
  checkInDatum?: 'wgs84' | 'gcj02';
  /** How pages are signed; the vendor's current page says SHA-256. */
  jsSignature?: 'sha256' | 'sha1';
  /** Calls and pushes a month that the edition bought allows; the free edition has 5,000 and 3,000. */
  monthlyCalls?: number;
  monthlyPushes?: number;
}

/** Numbers come as numbers or as strings. */
const instant = z.coerce.number().int().min(0).max(8.64e15);
const text = z.string();

export const StreamFrame = z.object({
  type: text,
  headers: z.looseObject({
    topic: text,
    messageId: text.min(1),
    /** When the gateway sent it, ms. */
    time: text.optional(),
    eventType: text.optional(),
    eventId: text.optional(),
    eventBornTime: text.optional(),
    eventCorpId: text.optional(),
  }),
  data: text,
});
export type StreamFrame = z.infer<typeof StreamFrame>;

const RepliedMessage = z.looseObject({
  msgType: text.optional(),
  createdAt: instant.nullish().catch(null),
  content: z.unknown().optional(),
});

export const RobotMessage = z.looseObject({
  msgId: text.min(1),
  msgtype: text.default(''),
  /** "1" one-to-one, "2" group. */
  conversationType: z.coerce.string().default('1'),
  conversationId: text.default(''),
  conversationTitle: text.optional(),
  /** Empty for people outside the company and while the robot is not published. */
  senderStaffId: text.nullish(),
  /** Encrypted; not a user id. */
  senderId: text.default(''),
  isInAtList: z.boolean().nullish(),
  /** Absent for robots that are no app. */
  robotCode: text.nullish(),
  sessionWebhook: text.nullish(),
  sessionWebhookExpiredTime: z.coerce.number().nullish(),
  createAt: instant.nullish(),
  text: z.looseObject({ content: text.nullish(), repliedMsg: RepliedMessage.nullish() }).nullish().catch(null),
  content: z.unknown().optional(),
  errorCode: z.unknown().optional(),
  errCode: z.unknown().optional(),
});
export type RobotMessage = z.infer<typeof RobotMessage>;

/** `content` may be an object or the same as a JSON string. */
export const MessageContent = z.looseObject({
  content: text.optional(),
  downloadCode: text.optional(),
  pictureDownloadCode: text.optional(),
  fileName: text.optional(),
  duration: z.coerce.number().optional().catch(undefined),
  recognition: text.optional().catch(undefined),
  biz_custom_action_url: text.optional(),
  title: text.optional(),
  actionUrlItemList: z
    .array(z.looseObject({ actionUrl: text.optional() }))
    .optional()
    .catch(undefined),
  richText: z
    .array(
      z.looseObject({
        text: text.optional(),
        type: text.optional(),
        downloadCode: text.optional(),
        pictureDownloadCode: text.optional(),
      }),
    )
    .optional(),
});
export type MessageContent = z.infer<typeof MessageContent>;

export const CardCallback = z.looseObject({
  outTrackId: text.min(1),
  userId: text.default(''),
  corpId: text.nullish(),
  content: text.nullish(),
  value: text.nullish(),
});
export type CardCallback = z.infer<typeof CardCallback>;

export const CardContent = z.looseObject({
  cardPrivateData: z
    .looseObject({
      actionIds: z.array(z.coerce.string()).default([]),
      params: z.record(text, z.unknown()).optional(),
    })
    .default({ actionIds: [] }),
  params: z.record(text, z.unknown()).optional(),
});

/** Answer to a click: changes the card of the person who clicked. */
export interface CardCallbackResponse {
  cardUpdateOptions?: { updateCardDataByKey: true; updatePrivateDataByKey: true };
  cardData?: { cardParamMap: Record<string, string> };
  userPrivateData?: { cardParamMap: Record<string, string> };
}

export const GatewayAnswer = z.object({ endpoint: z.string().min(1), ticket: z.string().min(1) });
export const TokenAnswer = z.object({ accessToken: z.string().min(1), expireIn: z.number().positive() });
export const BatchSendAnswer = z.object({
  processQueryKey: z.string().min(1),
  invalidStaffIdList: z.array(text).nullish(),
  flowControlledStaffIdList: z.array(text).nullish(),
});
export const GroupSendAnswer = z.object({ processQueryKey: z.string().min(1) });
const DeliverResults = z
  .array(z.object({ success: z.boolean(), carrierId: text.nullish(), errorMsg: text.nullish() }))
  .min(1);
/** `createAndDeliver` wraps the list, `deliver` alone gives it bare. */
export const DeliverAnswer = z.object({
  result: z.union([
    z.object({ deliverResults: DeliverResults }).transform(({ deliverResults }) => deliverResults),
    DeliverResults,
  ]),
});
export const UpdateAnswer = z.object({ success: z.literal(true) });
export const UploadAnswer = z.object({ media_id: z.string().min(1) });
export const DownloadAnswer = z.object({ downloadUrl: z.url() });
export const LoginAnswer = z.object({ result: z.object({ userid: z.string().min(1) }) });
/** Numbers come as text; a record without a place is none. */
const CheckIn = z.looseObject({
  userid: z.coerce.string(),
  checkin_time: instant,
  latitude: z.coerce.number().min(-90).max(90),
  longitude: z.coerce.number().min(-180).max(180),
  place: text.nullish().transform((value) => value ?? ''),
  detail_place: text.nullish().transform((value) => value ?? ''),
});
export const CheckInAnswer = z.object({
  result: z.object({
    page_list: z.array(z.unknown()).transform((records) =>
      records.flatMap((record) => {
        const { data } = CheckIn.safeParse(record);
        // 0,0 is a place that was not found.
        return data === undefined || (data.latitude === 0 && data.longitude === 0) ? [] : [data];
      }),
    ),
  }),
});
/** The id bare, or in an object: the vendor has no page for it. */
export const TemplateAnswer = z.object({
  result: z.union([text.min(1), z.object({ templateId: text.min(1) }).transform(({ templateId }) => templateId)]),
});
export const NoticeAnswer = z.object({ task_id: z.union([z.number(), text]) });
/** Lists may be missing, or hold numbers. */
const userIds = z
  .array(z.coerce.string())
  .nullish()
  .transform((ids) => ids ?? []);
export const NoticeResultAnswer = z.object({
  send_result: z
    .looseObject({
      invalid_user_id_list: userIds,
      forbidden_user_id_list: userIds,
      failed_user_id_list: userIds,
    })
    .nullish()
    .transform((result) => result ?? { invalid_user_id_list: [], forbidden_user_id_list: [], failed_user_id_list: [] }),
});
export const DingAnswer = z.object({
  openDingId: text.nullish(),
  /** By reason, the user ids that were not reached. */
  failedList: z.record(text, z.unknown()).nullish(),
});
/** Old API: what was asked for is in `result`. */
export const ResultAnswer = z.object({ result: z.unknown() });
export const OkAnswer = z.looseObject({});
