import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue';
import { control } from './api.ts';
import { PAGE_CALL, PAGE_REPLY, type PageCall, type PageReply } from './page-call.ts';
import type { Place, Platform, Point } from './types.ts';

/** What a page in this phone waits for the person to do. */
export type PageWish = 'camera' | 'position' | 'scan';

/** Plays the client for the page in the frame: checks its signature as the vendor's client does, then camera, position, scanner. */
export function usePageClient(
  frame: Ref<HTMLIFrameElement | undefined>,
  platform: () => Platform,
  onClose: () => void,
) {
  /** One after the other, in the order in which the page asked. */
  const wishes = ref<{ id: number; what: PageWish }[]>([]);
  const wish = computed(() => wishes.value[0] ?? null);

  function reply(id: number, answer: Omit<PageReply, 'kind' | 'id'>): void {
    // The page stands on a host of its own which the frame's address does not tell; what is said are samples of the sandbox.
    frame.value?.contentWindow?.postMessage({ kind: PAGE_REPLY, id, ...answer } satisfies PageReply, '*');
  }
  function settle(answer: Omit<PageReply, 'kind' | 'id'>): void {
    const open = wishes.value.shift();
    if (open !== undefined) reply(open.id, answer);
  }

  async function check(id: number, params: object): Promise<void> {
    try {
      const { code, words } = await control.checkPage(platform(), params);
      reply(id, code === 0 ? { result: null } : { error: `${code} ${words}` });
    } catch (error) {
      reply(id, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  function hear(event: MessageEvent<PageCall>): void {
    if (event.source !== frame.value?.contentWindow || event.data?.kind !== PAGE_CALL) return;
    const { id, call, params } = event.data;
    switch (call) {
      case 'config':
        void check(id, params);
        return;
      case 'close':
        onClose();
        return;
      default:
        wishes.value.push({ id, what: call });
    }
  }
  onMounted(() => window.addEventListener('message', hear));
  onBeforeUnmount(() => window.removeEventListener('message', hear));

  return {
    wish,
    took: (file: File): void => settle({ result: file }),
    scanned: (text: string): void => settle({ result: text }),
    /** Both clients were asked for the datum of maps. */
    located: ({ gcj02 }: Place): void => settle({ result: { lat: gcj02.lat, lng: gcj02.lng } satisfies Point }),
    denied: (): void => settle({ error: 'permission denied' }),
    cancelled: (): void => settle({ error: 'cancel' }),
  };
}
