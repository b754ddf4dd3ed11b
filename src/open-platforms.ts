import type { DingtalkConfig, WecomConfig } from './config/index.js';
import { systemClock, type Clock, type Log } from './core/index.js';
import type { Org } from './org/index.js';
import { createCardBook, type MeteredCall } from './outbox/index.js';
import type { CallbackReceiver, Intake, Outgoing, PlatformAdapter, PlatformName } from './platforms/contract.js';
import { createDingtalkAdapter, SESSION_API } from './platforms/dingtalk/index.js';
import { createMongoLease, createMongoReplyAddresses, createMongoTokenStore } from './platforms/index.js';
import { createWecomAdapter, ROBOT_PREFIX } from './platforms/wecom/index.js';
import type { Store } from './store/index.js';

/** The platforms as the house holds them. */
export interface OpenPlatforms {
  adapters: ReadonlyMap<PlatformName, PlatformAdapter>;
  callbacks: {
    wecom?: {
      apps: ReadonlyMap<string, CallbackReceiver>;
      contacts?: CallbackReceiver;
      aibot?: CallbackReceiver;
    };
    dingtalk?: { receive: CallbackReceiver };
  };
  /** Keeps the app menu of platforms that have one in step. */
  makeMenu(): Promise<void>;
}

export interface PlatformDeps {
  store: Store;
  clock: Clock;
  log: Log;
  wecom: WecomConfig | null;
  dingtalk: DingtalkConfig | null;
  /** Every call of a platform's API. */
  meter: (platform: PlatformName, api: string) => void;
  /** Every callback: the platform's word for it, and what became of it. */
  countCallback?: (platform: PlatformName, kind: string, outcome: string) => void;
}

/** What a platform tells that is no message of anybody. */
export interface PlatformSignals {
  /** The platform is about to suspend the app, or has. */
  appWarning: (platform: PlatformName, what: string) => void;
  /** People or departments changed: these, or (null) who knows which. */
  directoryChanged: (platform: PlatformName, userIds: readonly string[] | null) => void;
  /** A call was made, or a push came: both count against some editions' months. */
  called: (platform: PlatformName, call: MeteredCall) => void;
  pushed: (platform: PlatformName, kind: string) => void;
}

/** Adapters for those of the two that are set up. Nothing runs yet. */
export function openPlatforms(deps: PlatformDeps, intake: Intake, signals: PlatformSignals): OpenPlatforms {
  const { clock, log } = deps;
  const tokens = createMongoTokenStore(deps.store.connection, clock);
  const addresses = createMongoReplyAddresses(deps.store.connection, clock);
  const adapters = new Map<PlatformName, PlatformAdapter>();
  const callbacks: OpenPlatforms['callbacks'] = {};
  let makeMenu = (): Promise<void> => Promise.resolve();
  const meter = (platform: PlatformName) => (call: MeteredCall) => {
    deps.meter(platform, call.api);
    signals.called(platform, call);
    if (call.api === SESSION_API) signals.pushed(platform, 'reply');
  };
  if (deps.wecom !== null) {
    const wecom = createWecomAdapter({
      settings: deps.wecom,
      ...(deps.wecom.contacts === null ? {} : { contactsKeys: deps.wecom.contacts }),
      ...(deps.wecom.aibot === null
        ? {}
        : {
            aibot: { keys: deps.wecom.aibot, addresses },
          }),
      ...(deps.wecom.aibotLink === null
        ? {}
        : {
            aibotLink: {
              settings: deps.wecom.aibotLink,
              addresses,
              // The lease is about processes, whose clock nobody moves.
              lease: createMongoLease(deps.store.connection, systemClock),
            },
          }),
      clock,
      log,
      intake,
      tokens,
      meter: meter('wecom'),
      groupRobots: deps.wecom.groupRobots,
      accountLimit: deps.wecom.accountLimit,
      checkSource: deps.wecom.checkSource,
      moreApps: deps.wecom.moreApps,
      count: (kind, outcome) => deps.countCallback?.('wecom', kind, outcome),
      onAppWarning: (what) => signals.appWarning('wecom', what),
      onDirectoryChange: (userIds) => signals.directoryChanged('wecom', userIds),
    });
    adapters.set('wecom', wecom);
    makeMenu = async () => {
      await wecom.setMenu();
    };
    callbacks.wecom = {
      apps: wecom.callbacks,
      ...(wecom.contactsCallback === null ? {} : { contacts: wecom.contactsCallback }),
      ...(wecom.aibotCallback === null ? {} : { aibot: wecom.aibotCallback }),
    };
  }
  if (deps.dingtalk !== null) {
    const { dingtalk: settings } = deps;
    const cards = createCardBook(deps.store.connection, clock);
    const dingtalk = createDingtalkAdapter({
      settings,
      clock,
      log,
      intake,
      tokens,
      sentTo: (cardId) => cards.chatOf(cardId),
      addresses,
      meter: meter('dingtalk'),
      count: (kind, outcome) => {
        deps.countCallback?.('dingtalk', kind, outcome);
        // The vendor does not count what it tells of the address book.
        if (kind !== 'directory') signals.pushed('dingtalk', kind);
      },
      onDirectoryChange: (userIds) => signals.directoryChanged('dingtalk', userIds),
    });
    adapters.set('dingtalk', dingtalk);
    if (settings.mode === 'http') callbacks.dingtalk = { receive: dingtalk.callback };
  }
  return { adapters, callbacks, makeMenu };
}

/** Robots of the settings are chats of their groups, and no others are. */
export async function bindRobots(
  org: Org,
  robots: Readonly<Record<PlatformName, Readonly<Record<string, unknown>>>>,
  log: Log,
): Promise<void> {
  for (const group of org.groups()) {
    const chatId = `${ROBOT_PREFIX}${group.id}`;
    const others = group.chats.filter((chat) => !chat.chatId.startsWith(ROBOT_PREFIX));
    const robot = (platform: PlatformName) => (robots[platform][group.id] === undefined ? [] : [{ platform, chatId }]);
    // DingTalk's robot goes before the app's own chat: what it carries costs no call of the month.
    const chats = [...robot('dingtalk'), ...others, ...robot('wecom')];
    const named = (all: readonly { platform: string; chatId: string }[]) =>
      all.map((chat) => `${chat.platform} ${chat.chatId}`).join();
    if (named(chats) !== named(group.chats)) await org.setGroupChats(group.id, chats);
  }
  for (const [platform, own] of Object.entries(robots)) {
    for (const id of Object.keys(own)) {
      if (org.group(id) === undefined)
        log.error({ platform, group: id }, 'GROUP_ROBOTS names a group that is not in the org');
    }
  }
}

/** A robot's chat, not one that the app made. */
export function isRobotChat(chatId: string): boolean {
  return chatId.startsWith(ROBOT_PREFIX);
}

/** The first word in a group chat that the app made. */
export function welcomeTo(groupName: string, chat: { platform: PlatformName; chatId: string }): Outgoing {
  return {
    key: `welcome:${chat.platform}:${chat.chatId}`,
    to: { kind: 'group', ...chat },
    message: {
      kind: 'text',
      text: `${groupName}的过程日报每个工作日 9 点发到这里。材料和待办在和我的单聊里办。`,
    },
    purpose: 'digest',
  };
}
