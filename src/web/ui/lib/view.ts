import { onBeforeUnmount, ref, watch, type Ref } from 'vue';

export type Failure = 'expired' | 'forbidden' | 'missing' | 'offline' | 'broken';

export interface Loaded<T> {
  view: Ref<T | null>;
  failure: Ref<{ kind: Failure; say: string } | null>;
  reload(): Promise<void>;
}

const KINDS: Record<number, Failure> = { 401: 'expired', 403: 'forbidden', 404: 'missing', 400: 'missing' };
const MAX_WAIT_MS = 20_000;

/** One view of the server, fetched anew whenever its path changes; what is on the screen stays until the new one is there. */
export function useView<T>(path: () => string): Loaded<T> {
  const view = ref(null) as Ref<T | null>;
  const failure = ref<{ kind: Failure; say: string } | null>(null);
  let turn = 0;

  async function load(): Promise<void> {
    const mine = ++turn;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), MAX_WAIT_MS);
    try {
      const answer = await fetch(`/api/m/${path()}`, {
        headers: { accept: 'application/json' },
        signal: limit.signal,
      });
      const body = (await answer.json()) as T & { error?: { message?: string } };
      if (mine !== turn) return;
      if (answer.ok) {
        view.value = body;
        failure.value = null;
      } else failure.value = { kind: KINDS[answer.status] ?? 'broken', say: body.error?.message ?? '' };
    } catch {
      if (mine === turn) failure.value = { kind: 'offline', say: '网络不通，或服务器没有应答。' };
    } finally {
      clearTimeout(timer);
    }
  }
  watch(
    path,
    () => {
      view.value = null;
      void load();
    },
    { immediate: true },
  );
  // Coming back to the page from the chat shows what happened there.
  const onShow = (): void => {
    if (document.visibilityState === 'visible' && view.value !== null) void load();
  };
  document.addEventListener('visibilitychange', onShow);
  onBeforeUnmount(() => document.removeEventListener('visibilitychange', onShow));
  return { view, failure, reload: load };
}
