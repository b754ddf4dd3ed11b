import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../core/index.js';
import { startControl } from './control.js';
import { createDrawer } from './samples/drawer.js';
import { startDingtalk } from './dingtalk/server.js';
import { type SandboxAccess, type Timings, VENDOR_TIMINGS } from './types.js';
import { LINK_PATH } from './wecom/aibot-link.js';
import { startWecom } from './wecom/server.js';
import { World } from './world.js';

/** File in the data folder: where the stand-ins listen. */
export const SANDBOX_ADDRESSES = 'sandbox-addresses.json';

export interface StandInOptions {
  dataDir: string;
  log: Log;
  timings?: Partial<Timings>;
}

export interface StandIns {
  access: SandboxAccess;
  close(): Promise<void>;
}

/** Both platforms and the control interface, each on a loopback port of its own. */
export async function startStandIns(options: StandInOptions): Promise<StandIns> {
  const timings = { ...VENDOR_TIMINGS, ...options.timings };
  const world = await World.open({ dataDir: options.dataDir, log: options.log, timings });
  const wecom = await startWecom(world);
  const dingtalk = await startDingtalk(world);
  const drawer = createDrawer();
  const control = await startControl({ world, wecom, dingtalk, drawer });
  world.save();
  // For whoever stands between (a proxy, a recorder): the ports are new with each start.
  const addresses = {
    wecom: wecom.listening.base,
    dingtalk: dingtalk.listening.base,
    control: control.base,
  };
  await writeFile(join(options.dataDir, SANDBOX_ADDRESSES), JSON.stringify(addresses));
  const { data: w } = wecom.state;
  const { data: d } = dingtalk.state;
  return {
    access: {
      wecom: {
        apiBase: wecom.listening.base,
        corpId: w.corpId,
        agentId: w.agentId,
        secret: w.secret,
        token: w.token,
        encodingAesKey: w.encodingAesKey,
        contactsSecret: w.contactsSecret,
        contacts: { token: w.contacts.token, encodingAesKey: w.contacts.encodingAesKey },
        aibot: {
          token: w.aibot.token,
          encodingAesKey: w.aibot.encodingAesKey,
          botId: w.aibot.botId,
          secret: w.aibot.secret,
          ws: `ws://127.0.0.1:${wecom.listening.port}${LINK_PATH}`,
        },
      },
      dingtalk: {
        apiBase: dingtalk.listening.base,
        oapiBase: dingtalk.listening.base,
        clientId: d.clientId,
        clientSecret: d.clientSecret,
        robotCode: d.clientId,
        corpId: d.corpId,
        agentId: d.agentId,
        cardTemplateId: d.cardTemplateId,
        eventToken: d.eventToken,
        eventAesKey: d.eventAesKey,
      },
      controlBase: control.base,
    },
    async close() {
      dingtalk.gateway.close();
      dingtalk.door.close();
      wecom.links.close();
      await Promise.all([control.close(), wecom.listening.close(), dingtalk.listening.close(), drawer.close()]);
      await world.close();
    },
  };
}
