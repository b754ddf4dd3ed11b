import type { FilledCard } from '../cards/index.js';
import type { CardId, ClientId, DealId, EvidenceId, PersonId } from '../core/index.js';
import type { Mention, Position, Verdict, VoiceWitness } from '../evidence/index.js';
import type { Command, Decision, Flow, Item, SubmissionValue } from '../flow/index.js';
import type { PlatformName } from '../platforms/contract.js';
import type { VaultFile } from '../store/index.js';
import type { DealDocument } from './model.js';

/** What every command on a deal brings along. */
export interface DealCommand {
  /** The causing event: the same key is the same command, whatever number of tries it takes. */
  key: string;
  dealId: DealId;
  by: PersonId;
  /** Where the person talks to us. */
  platform: PlatformName;
  /** The command came with a press, so the card is changed by its answer; the message of the same waits a moment. */
  fromPress?: boolean;
  /** Nobody is told (imports, demo); evidence is still verified. */
  quiet?: boolean;
  /** The deal as it was read for this command: saves a read; when it has changed since, it is read again. */
  known?: DealDocument;
}

export interface Done {
  deal: DealDocument;
  flow: Flow;
  /** Absent on the second try of the same command: it had its effects the first time. */
  decision?: Decision;
  /** The checklist card as it looks now, with the key of the message that shows it. */
  card: { card: FilledCard; messageKey: string };
}

export interface SubmitCommand extends DealCommand {
  itemId: string;
  evidenceId: EvidenceId;
  value: SubmissionValue;
  askedAt: Date | null;
  file?: VaultFile;
  positions?: readonly Position[];
  /** What came with a recording. */
  voice?: VoiceWitness;
  /** The sender can be told in words at no cost: what they handed in shows on the card when there is more to see. */
  inWords?: boolean;
  /** For 扫码: what the code must say. */
  expectedCode?: string;
}

export interface JudgeCommand extends Omit<DealCommand, 'by'> {
  /** Null: a verifier. */
  by: PersonId | null;
  evidenceId: EvidenceId;
  status: Verdict['status'];
  say: string;
  /** Codes of the findings that did not pass. */
  codes: string[];
  /** What was heard in a recording: offered to the owner. */
  mentions?: readonly Mention[];
}

export interface Handover {
  to: PersonId;
  cardId: CardId;
  card: FilledCard;
}

export interface NewDeal {
  id: DealId;
  key: string;
  clientId: ClientId;
  ownerId: PersonId;
  productLine: string;
  flowId: string;
  demo?: boolean;
  /** Nobody is told (imports, demo). */
  quiet?: boolean;
}

export interface Deals {
  get(id: DealId): Promise<DealDocument | null>;
  /** Open deals of a rep, the ones touched last first. */
  /** The most urgent first. */
  openOf(owner: PersonId): Promise<DealDocument[]>;
  find(filter: Record<string, unknown>, limit?: number): Promise<DealDocument[]>;
  /** The deal that something was handed in for, by the event that says so. */
  ofEvidence(id: EvidenceId): Promise<DealDocument | null>;
  flowOf(deal: DealDocument): Flow;
  /** Required items that keep the deal from the next stage. */
  missing(deal: DealDocument): Item[];
  /** The checklist card as it looks now. */
  card(deal: DealDocument, options?: { visitId?: string; waitingFor?: string }): FilledCard;
  open(deal: NewDeal): Promise<DealDocument>;
  /**
   * A deal with its past: every step goes through the gate at its own time, then all of it is one write. Nobody is told
   * and nothing is verified again; who imports brings the evidence rows along.
   */
  importDeal(
    deal: NewDeal & { openedAt: Date },
    steps: readonly { at: Date; command: Command }[],
  ): Promise<DealDocument>;
  submit(command: SubmitCommand): Promise<Done>;
  judge(command: JudgeCommand): Promise<Done>;
  /** The sender wants a person to look at what the machine refused or could not check. */
  requestReview(command: DealCommand & { evidenceId: EvidenceId }): Promise<Done>;
  withdraw(command: DealCommand & { evidenceId: EvidenceId }): Promise<Done>;
  /** What was heard in a recording and confirmed goes to the deal's notes, once. */
  note(command: DealCommand & { evidenceId: EvidenceId; mentions: readonly Mention[] }): Promise<Done>;
  /** What the owner answers when somebody asks (问一句): kept with the deal's notes. `askedBy`: 一组主管. */
  remark(command: DealCommand & { askedBy: string; text: string }): Promise<Done>;
  expireExemptions(command: Omit<DealCommand, 'by'>): Promise<Done>;
  /** Asks the department once more after an objection. */
  requestApproval(command: DealCommand & { itemId: string }): Promise<Done>;
  /** Into the next stage, or into `target`; a forward skip is refused and counted, unless a rule of the flow proposed it. */
  advance(command: DealCommand & { target?: string; cause?: 'person' | 'rule' }): Promise<Done>;
  exempt(command: DealCommand & { itemId: string; reason: string; expiresAt: Date }): Promise<Done>;
  postpone(command: DealCommand & { reason: string }): Promise<Done>;
  /** The owner has left: somebody else answers for the deal. `card` tells them; the same card for all deals of one handover. */
  handOver(command: Omit<DealCommand, 'by' | 'platform'> & Handover): Promise<Done>;
  /**
   * Shows the checklist afresh at the bottom of the chat, or on the card that was pressed (`onCard`), which is it from
   * then on; the older card is out of date.
   */
  show(command: DealCommand & { onCard?: CardId }): Promise<Done>;
}
