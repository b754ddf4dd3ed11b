import { BadInputError, NotAllowedError, type Clock } from '../core/index.js';
import type { DealDocument, EquipmentList, EvidenceDocument, Verification } from '../deals/index.js';
import type { Device, DeviceFact, Equipment, Org } from '../org/index.js';
import type { DeviceRow, EvidenceView, Viewer } from './backend.js';

export interface DeviceDeps {
  org: Org;
  verification: Verification;
  equipment: Equipment;
  equipmentList: EquipmentList;
  clock: Clock;
}

/** What stands at the deal's client, as far as this viewer may see the photos it is known from. */
export async function deviceRows(
  deps: Pick<DeviceDeps, 'org' | 'equipment'>,
  viewer: Viewer,
  deal: DealDocument,
): Promise<DeviceRow[]> {
  const devices = await deps.equipment.ofClient(deal.clientId, (one) => deps.org.canSee(viewer.personId, one));
  return devices.map((device) => deviceRow(deps.org, device));
}

function deviceRow(org: Org, { model, serial, sightings }: Device): DeviceRow {
  const [latest] = sightings;
  return {
    model: model?.value ?? null,
    serial: serial?.value ?? null,
    sure: sureWords(org, [model, serial]),
    evidenceId: latest?._id ?? '',
    at: latest?.at.toISOString() ?? '',
    byName: org.person(latest?.by ?? '')?.name ?? '',
    photos: sightings.length,
  };
}

/** The weakest of the two facts says how sure the entry is. */
function sureWords(org: Org, facts: readonly (DeviceFact | null)[]): string {
  const name = (fact: DeviceFact): string => (fact.by === undefined ? '' : (org.person(fact.by)?.name ?? ''));
  const given = facts.filter((fact) => fact !== null);
  const corrected = given.find(({ sure }) => sure === 'corrected');
  if (corrected !== undefined) {
    const { read } = corrected;
    return `${name(corrected)}改过${read === null || read === corrected.value ? '' : `，机器读成 ${read}`}`;
  }
  const person = given.find(({ sure }) => sure === 'person');
  return person === undefined ? '两次读数一致' : `${name(person)}看过`;
}

/** What is written on a plate; the photo's own page and the review offer to put it right. */
export function nameplateView(
  { request, verdict, corrected }: EvidenceDocument,
  mayCorrect: boolean,
): EvidenceView['nameplate'] {
  if (request.kind !== 'photo' || (request.demands.nameplate?.length ?? 0) === 0 || verdict === undefined) return null;
  const fact = (name: 'model' | 'serial'): string => {
    const read = verdict.facts[name];
    return corrected?.[name]?.value ?? (typeof read === 'string' ? read : '');
  };
  return { model: fact('model'), serial: fact('serial'), mayCorrect };
}

const CODE = /^[\p{L}\p{N}][\p{L}\p{N} .+/()\-_]{1,39}$/u;

/**
 * Somebody who has seen the original writes what the plate says. The reading stays in the verdict; who wrote and when stands in the history; the
 * client's list follows.
 */
export async function correctNameplate(
  deps: DeviceDeps,
  viewer: Viewer,
  evidence: EvidenceDocument,
  mayCorrect: boolean,
  body: unknown,
): Promise<void> {
  const now = nameplateView(evidence, mayCorrect);
  if (now === null) throw new BadInputError('nameplate.none', `${evidence._id} shows no nameplate`);
  if (!mayCorrect) {
    throw new NotAllowedError('nameplate.not_yours', `${viewer.personId} may not correct ${evidence._id}`, {
      say: '铭牌内容只有提交人和他的上级能改。',
    });
  }
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const changes: Partial<Record<'model' | 'serial', string>> = {};
  for (const name of ['model', 'serial'] as const) {
    const text = typeof given[name] === 'string' ? given[name].normalize('NFKC').trim().toUpperCase() : '';
    if (text === '' || text === now[name]) continue;
    if (!CODE.test(text)) {
      throw new BadInputError('nameplate.bad_code', `${name} is not as on a plate`, {
        say: '型号和序列号照铭牌写：字母、数字和 - / . 这些符号，2 到 40 个字。',
      });
    }
    changes[name] = text;
  }
  if (Object.keys(changes).length > 0) {
    const at = deps.clock.now();
    const name = deps.org.person(viewer.personId)?.name ?? '';
    await deps.verification.correct(evidence._id, viewer.personId, changes, {
      at,
      who: name,
      status: evidence.history.at(-1)?.status ?? 'unchecked',
      text: `铭牌改为：${[changes.model && `型号 ${changes.model}`, changes.serial && `序列号 ${changes.serial}`].filter(Boolean).join('，')}`,
    });
  }
  // Also when nothing changed: the second try of a press whose first was broken off brings the list in step.
  await deps.equipmentList.sync(evidence._id);
}
