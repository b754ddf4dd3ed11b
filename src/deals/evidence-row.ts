import type { EvidenceId } from '../core/index.js';
import type { EvidenceRequest, Position, VoiceWitness } from '../evidence/index.js';
import { findSubmission, type Flow, type Item, type SubmissionValue } from '../flow/index.js';
import type { VaultFile } from '../store/index.js';
import type { DealDocument, EvidenceDocument } from './model.js';
import { stageOf, submissionText } from './views.js';

/** What came with something that was handed in. */
export interface HandedIn {
  file?: VaultFile;
  positions?: readonly Position[];
  voice?: VoiceWitness;
}

/** The row of something handed in: what is to be verified. */
export function evidenceOf(flow: Flow, deal: DealDocument, id: EvidenceId, cause: HandedIn): EvidenceDocument {
  const found = findSubmission(deal, id);
  const stage = found === null ? undefined : stageOf(flow, found.visit.stageId);
  const item = stage?.items.find((one) => one.id === found?.itemId);
  if (found === null || stage === undefined || item === undefined)
    throw new TypeError(`submission ${id} is not in deal ${deal._id}`);
  const { submission, visit } = found;
  const { file } = cause;
  return {
    _id: id,
    dealId: deal._id,
    visitId: visit.id,
    stageId: stage.id,
    stageName: stage.name,
    itemId: item.id,
    itemName: item.name,
    itemKind: item.kind,
    clientId: deal.clientId,
    clientName: deal.clientName,
    ownerId: deal.ownerId,
    teamId: deal.teamId,
    regionId: deal.regionId,
    by: submission.by,
    at: submission.at,
    askedAt: submission.askedAt ?? null,
    platform: deal.card?.platform ?? 'wecom',
    text: submissionText(submission),
    ...(submission.value.kind === 'link' ? { url: submission.value.url } : {}),
    ...(file === undefined
      ? {}
      : { file: { id: file.id, sha256: file.sha256, name: file.name, mime: file.mime, bytes: file.bytes } }),
    request: requestOf(item, submission.value),
    positions: [...(cause.positions ?? [])],
    ...(cause.voice === undefined ? {} : { voice: cause.voice }),
    round: 1,
    state: 'waiting',
    attempts: 0,
    dueAt: submission.at,
    history: [],
    ...(deal.demo === true ? { demo: true } : {}),
  };
}

function requestOf(item: Item, value: SubmissionValue): EvidenceRequest {
  switch (item.kind) {
    case 'photo':
      return { kind: 'photo', demands: item.demands };
    case 'file':
      return { kind: 'file', formats: item.formats, demands: item.demands };
    case 'sheet':
      return { kind: 'sheet', formats: item.formats, demands: item.demands };
    case 'voice':
      return { kind: 'voice', demands: item.demands };
    case 'link':
      if (value.kind !== 'link') break;
      return {
        kind: 'link',
        url: value.url,
        title: value.title,
        ...(value.publishedOn === undefined ? {} : { publishedOn: value.publishedOn }),
        ...(item.publishedWithinMonths === undefined ? {} : { publishedWithinMonths: item.publishedWithinMonths }),
      };
    default:
      break;
  }
  throw new TypeError(`an item of kind ${item.kind} has nothing to verify`);
}
