import { z } from 'zod';
import type { Call } from './http.js';
import { parseJson } from './json.js';
import type { PhoneAction } from './phone.js';

/** What the control interface is asked to do with a phone. */

export class BadRequest extends Error {}

export function body<T>(call: Call, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(call.body.toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new BadRequest(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

const text = z.string();
const choices = z.record(text, z.union([text.transform((one) => [one]), z.array(text)]));

export function actionOf(call: Call): PhoneAction {
  const { query } = call;
  const chatId = query.get('chatId') ?? undefined;
  const menuKey = query.get('menuKey') ?? undefined;
  const raw = { bytes: call.body, ...(chatId === undefined ? {} : { chatId }) };
  switch (call.params.action) {
    case 'text':
      return {
        kind: 'text',
        ...body(call, z.object({ text: text.min(1), chatId: text.optional(), quotes: text.optional() })),
      };
    case 'rich': {
      const { chatId: at, parts } = body(call, richBody);
      const read = parts.map((part) =>
        'text' in part ? part : { bytes: Buffer.from(part.image, 'base64'), name: part.name },
      );
      return { kind: 'rich', parts: read, ...(at === undefined ? {} : { chatId: at }) };
    }
    case 'image':
      return {
        kind: 'image',
        ...raw,
        name: query.get('name') ?? 'photo.jpg',
        ...(menuKey === undefined ? {} : { menuKey }),
      };
    case 'file':
      return { kind: 'file', ...raw, name: query.get('name') ?? 'file' };
    case 'video':
      return {
        kind: 'video',
        ...raw,
        name: query.get('name') ?? 'video.mp4',
        durationMs: Number(query.get('durationMs') ?? '4000') || 4_000,
      };
    case 'voice':
      return {
        kind: 'voice',
        ...raw,
        name: query.get('name') ?? 'voice.amr',
        durationMs: Number(query.get('durationMs') ?? '3000') || 3_000,
        recognition: query.get('recognition') ?? '',
      };
    case 'link':
      return {
        kind: 'link',
        ...body(call, z.object({ url: text.min(1), title: text.default(''), description: text.default('') })),
      };
    case 'scan':
      return { kind: 'scan', ...body(call, z.object({ text, menuKey: text.optional() })) };
    case 'menu':
      return { kind: 'menu', ...body(call, z.object({ key: text.min(1) })) };
    case 'location':
      return {
        kind: 'location',
        ...body(
          call,
          z.object({ lat: z.number(), lng: z.number(), label: text.default(''), menuKey: text.optional() }),
        ),
      };
    case 'enter':
      return { kind: 'enter' };
    case 'press':
      return { kind: 'press', ...body(call, pressBody) };
    default:
      throw new BadRequest(`a phone cannot ${call.params.action ?? 'do nothing'}`);
  }
}

/** `image`: its bytes as base64. */
const richBody = z.object({
  chatId: text.optional(),
  parts: z
    .array(
      z.union([z.object({ text: text.min(1) }), z.object({ image: text.min(1), name: text.default('photo.jpg') })]),
    )
    .min(1),
});

const pressBody = z.object({
  messageId: text,
  action: text.min(1),
  choices: choices.default({}),
  /** Pressed on a view that was older than the card: the client had not yet redrawn. */
  stale: z.boolean().default(false),
});
