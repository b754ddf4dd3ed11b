import { computed, reactive, ref, watch } from 'vue';
import { control, ControlError } from './api.ts';
import type {
  Chat,
  Faults,
  MenuEntry,
  Message,
  OpenPhone,
  Person,
  PhoneData,
  Place,
  Platform,
  TrafficRow,
} from './types.ts';

const TRAFFIC_KEPT = 400;
const MINUTE_MS = 60_000;
const PHONES_KEY = 'trailmark.sandbox.phones';

const keyOf = (platform: Platform, userId: string): string => `${platform}:${userId}`;

/** One live copy of the stand-ins' state, kept by server-sent events. */
function createStore() {
  const people = ref<Person[]>([]);
  const phones = reactive(new Map<string, PhoneData>());
  const places = ref<Place[]>([]);
  const traffic = ref<TrafficRow[]>([]);
  /** The app's menu in WeCom. */
  const menu = ref<MenuEntry[]>([]);
  const faults = reactive<Faults>({ wecom: {}, dingtalk: {} });
  const offsetMs = ref(0);
  const tick = ref(Date.now());
  const link = ref<'connecting' | 'live' | 'lost'>('connecting');
  const problem = ref('');
  /** The state has come: who is not in it is not there. */
  const loaded = ref(false);
  const opened = ref<OpenPhone[]>([]);
  /** Messages seen per chat and phone: what came later is unread. */
  const seen = reactive(new Map<string, string>());
  const listeners = new Set<(message: Message, userIds: string[]) => void>();

  /** To the minute, as phones show it: what is drawn from it is drawn anew once a minute and not once a second. */
  const minute = computed(() => Math.floor((tick.value + offsetMs.value) / MINUTE_MS));
  const now = computed(() => new Date(minute.value * MINUTE_MS));
  /** The moment itself, for pictures that are taken now. */
  const exactNow = (): Date => new Date(Date.now() + offsetMs.value);
  const personById = (id: string): Person | undefined => people.value.find((person) => person.id === id);
  const userIdOf = (person: Person, platform: Platform): string | undefined =>
    platform === 'wecom' ? person.wecomUserId : person.dingtalkUserId;
  const phoneOf = (platform: Platform, userId: string): PhoneData | undefined => phones.get(keyOf(platform, userId));
  const nameOf = (platform: Platform, userId: string): string =>
    people.value.find((person) => userIdOf(person, platform) === userId)?.name ?? userId;

  function put(userId: string, message: Message): void {
    const phone = phones.get(keyOf(message.platform, userId));
    if (phone === undefined) return;
    let chat = phone.chats.find((each) => each.id === message.chatId);
    if (chat === undefined) {
      const single = message.chatId.startsWith('single:');
      chat = { id: message.chatId, title: single ? '留痕' : '群聊', kind: single ? 'single' : 'group', messages: [] };
      phone.chats.push(chat);
      // A group that came into being: its title is known to the state only.
      if (!single) void refresh();
    }
    const at = chat.messages.findIndex((each) => each.id === message.id);
    if (at >= 0) chat.messages[at] = message;
    else chat.messages.push(message);
  }

  function takeFaults(data: Partial<Faults>): void {
    faults.wecom = data.wecom ?? {};
    faults.dingtalk = data.dingtalk ?? {};
  }

  async function refresh(): Promise<void> {
    const state = await control.state();
    people.value = state.people;
    offsetMs.value = state.clock.offsetMs;
    takeFaults(state.faults);
    menu.value = state.wecom?.menu?.button ?? [];
    for (const phone of state.phones) phones.set(keyOf(phone.platform, phone.userId), phone);
    problem.value = '';
    loaded.value = true;
  }

  function listen(): () => void {
    const source = new EventSource('/sandbox/api/events');
    let lost = false;
    const on = (name: string, take: (data: never) => void): void =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as never));
    on('message', ({ message, userIds }: { message: Message; userIds: string[] }) => {
      for (const userId of userIds) put(userId, message);
      for (const listener of listeners) listener(message, userIds);
    });
    on('traffic', (data: { traffic: TrafficRow }) => {
      traffic.value.unshift(data.traffic);
      // The app has set up its menu: the phones show it.
      if (data.traffic.path.endsWith('/menu/create')) refresh().catch(report);
      if (traffic.value.length > TRAFFIC_KEPT) traffic.value.length = TRAFFIC_KEPT;
    });
    on('clock', (clock: { offsetMs: number }) => (offsetMs.value = clock.offsetMs));
    on('faults', (data: { faults: Partial<Faults> }) => takeFaults(data.faults));
    source.addEventListener('open', () => {
      link.value = 'live';
      // What happened while nobody listened is in the state.
      if (lost) refresh().catch(report);
      lost = false;
    });
    source.addEventListener('error', () => {
      link.value = 'lost';
      lost = true;
    });
    return () => source.close();
  }

  function report(error: unknown): void {
    problem.value = error instanceof ControlError || error instanceof Error ? error.message : String(error);
  }

  /** A rep, the rep's supervisor, and a director looking at the group: the story at a glance. */
  function defaultPhones(): OpenPhone[] {
    const all = people.value;
    const rep =
      all.find((person) => person.name === '代表甲') ?? all.find((person) => person.title.includes('代表')) ?? all[0];
    const sameTeam = (person: Person) => rep?.team !== undefined && person.team === rep.team;
    const supervisor = all.find((person) => person.title.includes('主管') && sameTeam(person));
    const director =
      all.find((person) => person.title.includes('总监') && person.region === rep?.region) ??
      all.find((person) => person.title.includes('总监'));
    return [rep, supervisor, director]
      .filter((person): person is Person => person !== undefined)
      .map((person, index) => {
        const platform: Platform = person.wecomUserId === undefined ? 'dingtalk' : 'wecom';
        const userId = userIdOf(person, platform) ?? '';
        const group = phoneOf(platform, userId)?.chats.find((chat) => chat.kind === 'group');
        return {
          platform,
          personId: person.id,
          chatId: index === 2 ? (group?.id ?? null) : `single:${userId}`,
        };
      });
  }

  function restorePhones(): OpenPhone[] {
    try {
      const kept = JSON.parse(localStorage.getItem(PHONES_KEY) ?? '[]') as OpenPhone[];
      return kept.filter((phone) => personById(phone.personId) !== undefined);
    } catch {
      return [];
    }
  }

  async function start(): Promise<() => void> {
    const timer = setInterval(() => (tick.value = Date.now()), 1_000);
    const close = listen();
    try {
      await refresh();
      const kept = restorePhones();
      opened.value = kept.length > 0 ? kept : defaultPhones();
      traffic.value = (await control.traffic(100)).sort((a, b) => b.at.localeCompare(a.at));
      places.value = await control.places();
    } catch (error) {
      report(error);
    }
    const stop = watch(
      opened,
      (value) => {
        localStorage.setItem(PHONES_KEY, JSON.stringify(value));
      },
      { deep: true },
    );
    return () => {
      clearInterval(timer);
      stop();
      close();
    };
  }

  const seenKey = (phone: PhoneData, chat: Chat): string => `${keyOf(phone.platform, phone.userId)}/${chat.id}`;
  function unread(phone: PhoneData, chat: Chat): number {
    const last = seen.get(seenKey(phone, chat));
    let count = 0;
    for (let i = chat.messages.length - 1; i >= 0; i -= 1) {
      const message = chat.messages[i];
      if (message === undefined || message.id === last || message.from === phone.userId) break;
      count += 1;
    }
    return count;
  }
  function markSeen(phone: PhoneData, chat: Chat): void {
    const last = chat.messages.at(-1);
    if (last !== undefined) seen.set(seenKey(phone, chat), last.id);
  }
  const unreadOf = (platform: Platform, userId: string): number => {
    const phone = phoneOf(platform, userId);
    return phone === undefined ? 0 : phone.chats.reduce((sum, chat) => sum + unread(phone, chat), 0);
  };

  return {
    people,
    phones,
    menu,
    places,
    traffic,
    faults,
    offsetMs,
    now,
    exactNow,
    link,
    problem,
    loaded,
    opened,
    personById,
    userIdOf,
    phoneOf,
    nameOf,
    unread,
    unreadOf,
    markSeen,
    start,
    refresh,
    report,
    onMessage(listener: (message: Message, userIds: string[]) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openPhone(phone: OpenPhone): void {
      const at = opened.value.findIndex((each) => each.personId === phone.personId && each.platform === phone.platform);
      if (at >= 0) opened.value[at] = phone;
      else opened.value.push(phone);
    },
    closePhone(phone: OpenPhone): void {
      opened.value = opened.value.filter((each) => each !== phone);
    },
  };
}

export type SandboxStore = ReturnType<typeof createStore>;
let store: SandboxStore | undefined;
/** The page has one. */
export const useSandbox = (): SandboxStore => (store ??= createStore());
