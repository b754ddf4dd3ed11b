import { departmentOf, departments, type Department } from '../departments.js';
import type { Directory, DirectoryPerson } from '../types.js';
import { userIdOf } from '../world.js';
import { CallbackSender } from './callback.js';
import type { WecomState } from './state.js';
import { writeXml, type XmlItem } from './xml.js';

/**
 * What the vendor tells when the directory changes: change_contact through the directory's own callback, and to the app
 * itself who came into its visible range or left it. https://developer.work.weixin.qq.com/document/path/90240
 */
export class ContactEvents {
  readonly sender: CallbackSender;
  readonly #state: WecomState;
  readonly #app: CallbackSender;

  constructor(state: WecomState, app: CallbackSender) {
    this.#state = state;
    this.#app = app;
    this.sender = new CallbackSender(state, 'contacts');
  }

  /** Delivered behind the change, in order; nobody waits for it. */
  changed(before: Directory, after: Directory): void {
    const told = [...departmentEvents(before, after), ...memberEvents(before, after)];
    const moved = visibility(before, after);
    void this.#deliver(told, moved);
  }

  async #deliver(told: XmlItem[][], moved: { userId: string; event: 'subscribe' | 'unsubscribe' }[]): Promise<void> {
    if (this.#state.door('contacts').url !== undefined) {
      for (const fields of told) {
        const xml = writeXml([...this.#head('sys'), ['Event', 'change_contact'], ...fields]);
        await this.sender.deliver('change_contact', xml);
      }
    }
    if (this.#state.door('app').url === undefined) return;
    for (const { userId, event } of moved) {
      const agent: XmlItem = ['AgentID', { plain: this.#state.data.agentId }];
      await this.#app.deliver(event, writeXml([...this.#head(userId), ['Event', event], agent]));
    }
  }

  #head(from: string): XmlItem[] {
    return [
      ['ToUserName', this.#state.data.corpId],
      ['FromUserName', from],
      ['CreateTime', Math.floor(this.#state.world.now() / 1_000)],
      ['MsgType', 'event'],
    ];
  }
}

const members = (directory: Directory): Map<string, DirectoryPerson> =>
  new Map(
    directory.people.flatMap((person) => {
      const userId = userIdOf('wecom', person);
      return userId === undefined ? [] : [[userId, person] as const];
    }),
  );

function memberEvents(before: Directory, after: Directory): XmlItem[][] {
  const [old, now] = [members(before), members(after)];
  const created = [...now].flatMap(([userId, person]) => {
    const fields = facts(after, person);
    const known = old.get(userId);
    if (known === undefined) return [[['ChangeType', 'create_user'], ['UserID', userId], ...fields] as XmlItem[]];
    const then = new Map(facts(before, known).map((item) => [item[0], JSON.stringify(item[1])]));
    const changed = fields.filter(([name, value]) => then.get(name) !== JSON.stringify(value));
    // Only what changed is told.
    return changed.length === 0 ? [] : [[['ChangeType', 'update_user'], ['UserID', userId], ...changed] as XmlItem[]];
  });
  const deleted = [...old.keys()]
    .filter((userId) => !now.has(userId))
    .map((userId): XmlItem[] => [
      ['ChangeType', 'delete_user'],
      ['UserID', userId],
    ]);
  return [...created, ...deleted];
}

function facts(directory: Directory, person: DirectoryPerson): XmlItem[] {
  const department = departmentOf(directory, person);
  const superior = directory.people.find((candidate) => candidate.id === person.superiorId);
  const leader = superior === undefined ? undefined : userIdOf('wecom', superior);
  return [
    ['Name', person.name],
    ['Department', String(department)],
    ['MainDepartment', { plain: String(department) }],
    ['DirectLeader', leader ?? ''],
    ['Position', person.title],
    ['Status', { plain: '1' }],
  ];
}

function departmentEvents(before: Directory, after: Directory): XmlItem[][] {
  const byId = (directory: Directory): Map<number, Department> =>
    new Map(departments(directory).map((department) => [department.id, department]));
  const [old, now] = [byId(before), byId(after)];
  const plain = (value: number): { plain: string } => ({ plain: String(value) });
  const events: XmlItem[][] = [];
  for (const [id, { name, parentId }] of now) {
    const known = old.get(id);
    const fields: XmlItem[] = [
      ['Id', plain(id)],
      ['Name', name],
      ['ParentId', plain(parentId)],
    ];
    // The type of department events comes without CDATA.
    if (known === undefined) events.push([['ChangeType', { plain: 'create_party' }], ...fields]);
    else if (known.name !== name || known.parentId !== parentId) {
      events.push([['ChangeType', { plain: 'update_party' }], ...fields]);
    }
  }
  for (const id of old.keys()) {
    if (!now.has(id))
      events.push([
        ['ChangeType', { plain: 'delete_party' }],
        ['Id', plain(id)],
      ]);
  }
  return events;
}

function visibility(before: Directory, after: Directory): { userId: string; event: 'subscribe' | 'unsubscribe' }[] {
  const [old, now] = [members(before), members(after)];
  return [
    ...[...now.keys()].filter((id) => !old.has(id)).map((userId) => ({ userId, event: 'subscribe' as const })),
    ...[...old.keys()].filter((id) => !now.has(id)).map((userId) => ({ userId, event: 'unsubscribe' as const })),
  ];
}
