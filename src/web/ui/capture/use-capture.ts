import { computed, onBeforeUnmount, onMounted, reactive, ref, shallowRef } from 'vue';
import type { CaptureView } from '../../captures.ts';
import { openBridge, Refused, type Bridge, type RefusedWhy, type Taken } from './bridge.ts';
import { browserPosition } from './browser.ts';
import { dropPending, keepPending, newSendingId, pendingOf, type Pending } from './pending.ts';
import { look, Offline, send, SendRefused, uploadTo } from './send.ts';

/** How often the page asks what became of its submission, and for how long. */
const ASK_EVERY_MS = 2_000;
const ASK_FOR_MS = 120_000;

export type Step =
  | 'loading'
  /** The ticket cannot be used: `trouble` says why. */
  | 'closed'
  | 'ready'
  /** Something is taken and can be sent. */
  | 'taken'
  | 'sending'
  /** The server did not answer; it is kept on the phone. */
  | 'offline'
  | 'sent';

/** The photo can be sent by another page as well. */
const isKept = ({ file, media }: Pending): boolean => file !== null || media !== undefined;

const whyOf = (error: unknown): RefusedWhy => (error instanceof Refused ? error.why : 'failed');

/** The capture page's state: what is taken, what it lacks, what became of it. */
export function useCapture(ticket: string) {
  const step = ref<Step>('loading');
  const view = shallowRef<CaptureView | null>(null);
  const trouble = ref<{ code: string; say: string } | null>(null);
  const bridge = shallowRef<Bridge | null>(null);
  const pending = shallowRef<Pending | null>(null);
  const taken = shallowRef<Taken | null>(null);
  const preview = ref('');
  const place = reactive({ state: 'none' as 'none' | 'asking' | 'got' | 'failed', why: 'failed' as RefusedWhy });
  const progress = ref(0);
  const cameraSays = ref<RefusedWhy | null>(null);
  const scanSays = ref<RefusedWhy | null>(null);
  let asking: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const position = computed(() => pending.value?.position ?? null);
  /** A page that is closed loses nothing; what only the client holds lives as long as the page. */
  const isSafe = computed(() => view.value?.kind !== 'photo' || (pending.value !== null && isKept(pending.value)));
  const change = (part: Partial<Pending>): void => {
    if (pending.value !== null) pending.value = { ...pending.value, ...part };
  };
  const begin = (): void => {
    turn += 1;
    if (preview.value !== '') URL.revokeObjectURL(preview.value);
    preview.value = '';
    taken.value = null;
    place.state = 'none';
    pending.value = { id: newSendingId(), file: null, position: null, positionAt: 0 };
  };
  const show = (file: File): void => {
    if (preview.value !== '') URL.revokeObjectURL(preview.value);
    preview.value = URL.createObjectURL(file);
  };

  async function load(): Promise<void> {
    step.value = 'loading';
    trouble.value = null;
    try {
      const [found, kept] = await Promise.all([look(ticket), pendingOf(ticket)]);
      view.value = found;
      begin();
      if (kept !== null && (found.kind !== 'photo' || isKept(kept))) {
        pending.value = kept;
        if (kept.file !== null) show(kept.file);
        place.state = kept.position === null ? 'none' : 'got';
        step.value = 'offline';
      } else step.value = found.state === 'open' ? 'ready' : 'closed';
    } catch (error) {
      step.value = 'closed';
      trouble.value =
        error instanceof SendRefused ? { code: error.code, say: error.say } : { code: 'offline', say: '' };
      return;
    }
    bridge.value = await openBridge();
  }

  /** Asked for when the rep takes something, and at no other time. */
  async function locate(): Promise<void> {
    const mine = turn;
    place.state = 'asking';
    try {
      const found = await positionNow();
      if (mine !== turn) return;
      change({ position: found, positionAt: Date.now() });
      place.state = 'got';
    } catch (error) {
      if (mine !== turn) return;
      place.state = 'failed';
      place.why = whyOf(error);
    }
  }
  async function positionNow() {
    try {
      return await (bridge.value?.position ?? browserPosition)();
    } catch (error) {
      // An older client knows no position for pages: the browser in it may.
      if (whyOf(error) === 'unsupported') return await browserPosition();
      throw error;
    }
  }

  /** Beside the camera, since both take their time; not where nobody looks at the place. */
  function locateBeside(): void {
    if (view.value?.wantsPosition === true && place.state !== 'got' && place.state !== 'asking') void locate();
  }

  /** By the client's camera. */
  async function takePhoto(): Promise<void> {
    const take = bridge.value?.takePhoto;
    if (take === null || take === undefined) return;
    cameraSays.value = null;
    locateBeside();
    try {
      useTaken(await take());
    } catch (error) {
      const why = whyOf(error);
      cameraSays.value = why;
      // A client that cannot (on a desk, an old one): from now on by the page's own input.
      const isUnable = why === 'unsupported' || why === 'failed';
      if (isUnable && bridge.value !== null) bridge.value = { ...bridge.value, takePhoto: null };
    }
  }
  function useTaken(got: Taken): void {
    taken.value = got;
    if (got.kind === 'file') {
      change({ file: got.file });
      show(got.file);
    }
    if (got.kind === 'media') change({ media: got.media });
    step.value = 'taken';
  }
  function chose(file: File): void {
    cameraSays.value = null;
    const most = view.value?.maxBytes ?? Number.POSITIVE_INFINITY;
    // Said before minutes of sending are spent on it.
    if (file.size > most) {
      trouble.value = { code: 'capture.too_large', say: `照片太大了，最大 ${Math.floor(most / 1024 / 1024)} MB。` };
      return;
    }
    trouble.value = null;
    useTaken({ kind: 'file', file });
  }

  async function scan(): Promise<void> {
    const read = bridge.value?.scan;
    scanSays.value = null;
    try {
      if (read === null || read === undefined) throw new Refused('unsupported');
      change({ code: await read() });
      step.value = 'taken';
    } catch (error) {
      scanSays.value = whyOf(error);
    }
  }

  async function submit(): Promise<void> {
    const { value: sending } = pending;
    if (sending === null) return;
    step.value = 'sending';
    progress.value = 0;
    // Before the first try: a page that is closed while it sends loses nothing.
    if (isSafe.value) await keepPending(ticket, sending);
    try {
      const got = taken.value;
      if (got?.kind === 'upload') await got.send(uploadTo(ticket, view.value?.uploadKey ?? '', sending)).catch(offline);
      else await send(ticket, sending, (part) => (progress.value = part));
      await dropPending(ticket);
      step.value = 'sent';
      follow(sending.id, Date.now());
    } catch (error) {
      if (error instanceof SendRefused && error.code === 'session.missing') reopen();
      else if (error instanceof SendRefused) await refused(error);
      else step.value = 'offline';
    }
  }
  /** The session has ended: opened anew the page leads through the login, and finds what was kept. */
  function reopen(): void {
    step.value = 'offline';
    location.reload();
  }
  const offline = (): never => {
    throw new Offline();
  };
  /** What the server does not want is dropped; it says what to do instead. */
  async function refused(error: SendRefused): Promise<void> {
    await dropPending(ticket);
    trouble.value = { code: error.code, say: error.say };
    const again = ['capture.too_large', 'capture.not_photo', 'request.too_large', 'capture.no_photo'];
    begin();
    step.value = again.includes(error.code) ? 'ready' : 'closed';
  }

  /** What became of it, until the machine has looked. */
  function follow(id: string, since: number): void {
    clearTimeout(asking);
    asking = setTimeout(() => {
      look(ticket, id)
        .then((found) => {
          if (step.value !== 'sent') return;
          view.value = found;
          const state = found.sent?.state ?? 'received';
          const isOpen = state === 'received' || state === 'checking';
          if (isOpen && Date.now() - since < ASK_FOR_MS) follow(id, since);
        })
        .catch(() => {
          if (step.value === 'sent' && Date.now() - since < ASK_FOR_MS) follow(id, since);
        });
    }, ASK_EVERY_MS);
  }

  async function again(): Promise<void> {
    clearTimeout(asking);
    trouble.value = null;
    await dropPending(ticket);
    begin();
    step.value = view.value?.state === 'open' ? 'ready' : 'closed';
  }

  const onOnline = (): void => {
    if (step.value === 'offline') void submit();
  };
  onMounted(() => {
    window.addEventListener('online', onOnline);
    void load();
  });
  onBeforeUnmount(() => {
    window.removeEventListener('online', onOnline);
    clearTimeout(asking);
    if (preview.value !== '') URL.revokeObjectURL(preview.value);
  });

  return {
    step,
    view,
    trouble,
    bridge,
    pending,
    preview,
    place,
    position,
    isSafe,
    progress,
    cameraSays,
    scanSays,
    load,
    locate,
    locateBeside,
    takePhoto,
    chose,
    scan,
    submit,
    again,
    reopen,
    change,
  };
}
