import { z } from 'zod';
import {
  asId,
  BadInputError,
  ConflictError,
  HOUR,
  NotAllowedError,
  NotFoundError,
  seal,
  sha256,
  stableId,
  unseal,
  type CaptureAsk,
  type Clock,
  type EventKey,
  type EvidenceId,
  type FileId,
} from './core/index.js';
import {
  CAPTURE_LATE_MS,
  capturing,
  MAX_FILE_BYTES,
  MAX_FILE_WORDS,
  wasCaptured,
  whyNot,
  type Capturing,
} from './conversation/index.js';
import { openCaptureTicket, sniffFile } from './evidence/index.js';
import { describeItem, findSubmission, type SubmissionStatus } from './flow/index.js';
import type { House } from './house.js';
import type { ClientPosition, InboundEvent, PlatformName } from './platforms/contract.js';
import type { Captures, CaptureView, Sending, Viewer } from './web/index.js';

/** A page that stays open through a visit; its photo may leave late. */
const UPLOAD_KEY_MS = 12 * HOUR;

/** The browser's own `GeolocationPosition.coords`. https://www.w3.org/TR/geolocation/ */
const BrowserPosition = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  accuracy: z.number().nonnegative().optional().catch(undefined),
});

/** What the capture page may do, on top of the rooms that the chat uses. */
export function createCaptures(deps: {
  house: Pick<House, 'deals' | 'org' | 'calendar' | 'inbox' | 'vault' | 'adapters'>;
  secret: string;
  clock: Clock;
}): Captures {
  const { house, secret, clock } = deps;
  /** A page that tries again while its first try is still on the way waits for that one. */
  const inWork = new Map<EventKey, Promise<void>>();

  /** The deal and item of a ticket, for the one person whom it was given to. */
  async function open(viewer: Viewer, ticket: string): Promise<{ ask: CaptureAsk; at: Capturing }> {
    const ask = openCaptureTicket(secret, ticket);
    const deal = ask === null ? null : await house.deals.get(ask.dealId);
    const at = ask === null || deal === null ? null : capturing(deal, house.deals.flowOf(deal), ask, clock.now());
    if (ask === null || at === null)
      throw new NotFoundError('capture.bad_ticket', 'not a ticket of ours', {
        say: '这个链接不对，可能没复制全。从聊天里的卡片重新打开。',
      });
    if (ask.personId !== viewer.personId || house.org.person(viewer.personId)?.leftAt !== undefined)
      throw new NotAllowedError('capture.not_yours', `${viewer.personId} opened the ticket of ${ask.personId}`, {
        say: '这一项是发给别人的，换你交不算。从你自己聊天里的卡片打开。',
      });
    return { ask, at };
  }

  const keyOf = (ticket: string, id: string): EventKey =>
    asId<EventKey>(`capture:${sha256(ticket).slice(0, 24)}:${id}`);

  /** The words that the page shows about a submission; what the inbox has not worked on yet has only been received. */
  function sentView({ deal }: Capturing, key: EventKey): CaptureView['sent'] {
    const submission = findSubmission(deal, stableId<EvidenceId>('ev', key))?.submission;
    if (submission === undefined) return { state: 'received', say: '' };
    const states: Record<SubmissionStatus, NonNullable<CaptureView['sent']>['state']> = {
      checking: 'checking',
      passed: 'passed',
      failed: 'failed',
      unchecked: 'unchecked',
      review: 'review',
      withdrawn: 'received',
    };
    return { state: states[submission.status], say: submission.say ?? '' };
  }

  /** Type by bytes; what is no photo goes back before anything is stored. */
  async function checkFile({ bytes }: NonNullable<Sending['file']>): Promise<string> {
    if (bytes.byteLength > MAX_FILE_BYTES)
      throw new BadInputError('capture.too_large', 'photo too large', { say: `照片太大了，最大 ${MAX_FILE_WORDS}。` });
    const { kind, mime } = await sniffFile(bytes);
    if (kind !== 'image')
      throw new BadInputError('capture.not_photo', `a ${kind} instead of a photo`, {
        say: kind === 'empty' ? '照片是空的，没拍上。再拍一张。' : '这不是照片。现场拍一张。',
      });
    return mime;
  }

  function positionOf(platform: PlatformName, sent: NonNullable<Sending['position']>): ClientPosition | null {
    if (sent.from === 'client') return house.adapters.get(platform)?.readPosition?.(sent.result) ?? null;
    const parsed = BrowserPosition.safeParse(sent.result);
    if (!parsed.success) return null;
    const { latitude: lat, longitude: lng, accuracy } = parsed.data;
    return { lat, lng, datum: 'wgs84', ...(accuracy === undefined ? {} : { accuracyMetres: accuracy }) };
  }

  /** On the organisation's clock. */
  function localMoment(at: Date): string {
    const { calendar } = house;
    const day = calendar.localDate(at);
    return `${day === calendar.localDate(clock.now()) ? '' : `${day.slice(5)} `}${calendar.localTime(at)}`;
  }

  async function sendOne(viewer: Viewer, ticket: string, sending: Sending, key: EventKey): Promise<void> {
    const { ask, at } = await open(viewer, ticket);
    const fileId = stableId<FileId>('f', key);
    const now = clock.now();
    const isLate = at.state === 'expired' && now.getTime() - at.until.getTime() <= CAPTURE_LATE_MS;
    const isAgain = wasCaptured(at.deal, key) || (await house.vault.info(fileId)) !== null;
    if (at.state !== 'open' && !isLate && !isAgain) {
      throw new ConflictError(`capture.${at.state}`, `nothing is taken: ${at.state}`, { say: whyNot(at) });
    }
    const from = house.org.person(viewer.personId)?.identities.find((one) => one.platform === viewer.platform)?.userId;
    if (from === undefined) throw new NotAllowedError('capture.no_chat', `${viewer.personId} has no chat there`);
    if (at.kind === 'photo' && sending.file === undefined && sending.media === undefined)
      throw new BadInputError('capture.no_photo', 'a photo is wanted', { say: '没有收到照片，再发一次。' });
    if (sending.file !== undefined) {
      const { bytes, name } = sending.file;
      await house.vault.put(fileId, bytes, { name, mime: await checkFile(sending.file), at: now });
    }
    const position = sending.position === undefined ? null : positionOf(viewer.platform, sending.position);
    const body: InboundEvent['body'] = {
      kind: 'capture',
      ask,
      ...(sending.media === undefined ? {} : { media: { platform: viewer.platform, handle: sending.media } }),
      ...(position === null
        ? {}
        : { position: { ...position, at: new Date(now.getTime() - (sending.position?.agoMs ?? 0)) } }),
      ...(sending.code === undefined ? {} : { code: sending.code }),
      ...(sending.note === undefined ? {} : { note: sending.note }),
    };
    await house.inbox.intake({
      key,
      platform: viewer.platform,
      from,
      chat: { kind: 'single' },
      sentAt: now,
      body,
    });
  }

  return {
    async look(viewer, ticket, sent) {
      const { at } = await open(viewer, ticket);
      const { item, deal } = at;
      const until = String(clock.now().getTime() + UPLOAD_KEY_MS);
      const uploadKey = seal(secret, `capture-upload:${sha256(ticket)}`, `${viewer.platform}:${until}`);
      return {
        kind: at.kind,
        state: at.state,
        say: whyNot(at),
        client: deal.clientName,
        item: item.name,
        hint: item.hint ?? '',
        demands: describeItem(item),
        have: at.have,
        need: at.need,
        until: localMoment(at.until),
        leftMs: at.until.getTime() - clock.now().getTime(),
        wantsPosition: item.kind === 'photo' && item.demands.withinMetres !== undefined,
        maxBytes: MAX_FILE_BYTES,
        uploadKey,
        ...(sent === undefined ? {} : { sent: sentView(at, keyOf(ticket, sent)) }),
      };
    },

    async send(viewer, ticket, sending) {
      const key = keyOf(ticket, sending.id);
      const work = (inWork.get(key) ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => sendOne(viewer, ticket, sending, key));
      inWork.set(key, work);
      await work.finally(() => {
        if (inWork.get(key) === work) inWork.delete(key);
      });
    },

    viewerOf(ticket, uploadKey) {
      const ask = openCaptureTicket(secret, ticket);
      const words = unseal(secret, `capture-upload:${sha256(ticket)}`, uploadKey);
      const [, platform, until] = /^(wecom|dingtalk):(\d+)$/.exec(words ?? '') ?? [];
      if (ask === null || platform === undefined || Number(until) < clock.now().getTime()) return null;
      return { personId: ask.personId, platform: platform as PlatformName };
    },
  };
}
