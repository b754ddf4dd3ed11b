import { CHOICE_KEY } from '../cards/index.js';
import { currentVisitOf, dealItem, wantsDevices, type DealDocument } from '../deals/index.js';
import { describeItem, itemStates, type Flow, type Item, type SubmissionValue } from '../flow/index.js';
import type { ConversationDeps } from './context.js';
import { readDay, readList, readUrl } from './intents.js';
import { submitValue, type Answered, type ItemQuestion } from './submit.js';
import { handInTouch, touchWords } from './touch.js';
import type { Turn } from './turn.js';

export { submitValue, type Answered, type ItemQuestion } from './submit.js';

/** Puts the question of one item: in place on the pressed card, or as a new card. */
export function ask(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  flow: Flow,
  item: Item,
  known: Known = {},
): void {
  const visit = currentVisitOf(deal);
  if (visit === undefined) return;
  const question: ItemQuestion = {
    kind: 'item',
    dealId: deal._id,
    visitId: visit.id,
    itemId: item.id,
    askedAt: turn.now,
    step: 0,
    draft: {},
  };
  turn.change.dealId = deal._id;
  turn.change.question = question;
  putQuestion(deps, turn, deal, flow, item, question, 'replace', known);
}

/** What is known already, so that nobody is asked twice for it. */
export interface Known {
  /** Devices of the client from nameplates, `BC-5390 2 台`. */
  devices?: string[];
}

export async function knownFor(deps: ConversationDeps, deal: DealDocument, item: Item): Promise<Known> {
  return wantsDevices(item) ? { devices: await deps.devicesOf(deal) } : {};
}

/** Draws the question as it stands (its step, what was answered so far). */
export function putQuestion(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  flow: Flow,
  item: Item,
  question: Pick<ItemQuestion, 'step' | 'draft'> & Partial<Pick<ItemQuestion, 'visitId' | 'askedAt'>>,
  how: 'replace' | 'reply' | 'say' | { close: string },
  known: Known = {},
): void {
  const base = {
    dealId: deal._id,
    itemId: item.id,
    client: deal.clientName,
    item: item.name,
    ...(item.hint === undefined ? {} : { hint: item.hint }),
    demands: describeItem(item),
    canExempt: flow.exemptions !== undefined && item.required,
  };
  const put: Turn['reply'] = (name, data) => {
    turn.choosesInPlace = how === 'replace' && (item.kind === 'tags' || item.kind === 'choice');
    if (how === 'replace') turn.replace(name, data);
    else if (how === 'reply') turn.reply(name, data);
    else if (how === 'say') turn.say(name, data);
    else turn.close(name, data, how.close);
  };
  const capture = captureOf(deps, turn, deal, item, question);
  const state = itemStates(flow, deal).find((one) => one.itemId === item.id);
  const have = state?.have ?? 0;
  const need = state?.need ?? 1;
  switch (item.kind) {
    case 'photo':
      put('ask-photo', {
        ...base,
        have,
        need,
        ...capture,
        ...(item.demands.freshWithinMs === undefined
          ? {}
          : { freshFor: `${Math.round(item.demands.freshWithinMs / 60_000)} 分钟` }),
      });
      return;
    case 'file':
      put('ask-file', { ...base, formats: item.formats });
      return;
    case 'sheet':
      put('ask-sheet', { ...base, formats: item.formats, columns: item.demands.columns ?? [], ...known });
      return;
    case 'text':
      put('ask-text', { ...base, minLength: item.minLength });
      return;
    case 'voice':
      put('ask-voice', { ...base, othersVoice: item.demands.accepts.includes('client') });
      return;
    case 'link': {
      const { url, title } = question.draft;
      put('ask-link', {
        ...base,
        state: question.step === 0 ? 'link' : question.step === 1 ? 'title' : 'date',
        have,
        need,
        ...(url === undefined ? {} : { url }),
        ...(title === undefined ? {} : { title }),
        ...(item.publishedWithinMonths === undefined ? {} : { within: `近 ${item.publishedWithinMonths} 个月` }),
      });
      return;
    }
    case 'follow-up': {
      const element = item.elements[question.step] ?? item.elements[0] ?? '';
      put('ask-follow-up', {
        ...base,
        element,
        index: question.step + 1,
        total: item.elements.length,
        done: item.elements.slice(0, question.step).map((name) => ({ name, text: question.draft[name] ?? '' })),
      });
      return;
    }
    case 'choice':
      put('ask-choice', { ...base, options: item.options });
      return;
    case 'tags': {
      const library = flow.tagLibraries[item.library];
      put('ask-tags', { ...base, groups: library?.groups ?? [], chosen: [], min: item.min, minGroups: item.minGroups });
      return;
    }
    case 'touch': {
      const witness = question.step === 0 ? undefined : (question.draft['witness'] ?? '');
      put('ask-touch', {
        ...base,
        accepts: item.accepts,
        ...(witness === undefined ? {} : { how: touchWords(witness, turn.event.platform) }),
        ...(witness === 'check-in' ? { ...capture, codeUrl: deps.visitCode(deal._id) } : {}),
      });
      return;
    }
    case 'confirm':
      put('ask-confirm', base);
      return;
    case 'scan':
      put('ask-scan', { ...base, ...capture, codeUrl: deps.visitCode(deal._id) });
      return;
    case 'purchase-history':
      put('ask-purchase-history', { ...base, known: [] });
      return;
    case 'approval':
      turn.text(`「${item.name}」在等${item.department}处理，已经发到他们的聊天里了。`);
      turn.change.question = null;
      return;
  }
}

/** Where the item's photo or code is taken, under a ticket for this question. */
function captureOf(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  item: Item,
  { visitId, askedAt }: Partial<Pick<ItemQuestion, 'visitId' | 'askedAt'>>,
): { captureUrl?: string } {
  if (visitId === undefined || askedAt === undefined) return {};
  const ask = { personId: turn.person.id, dealId: deal._id, visitId, itemId: item.id, askedAt };
  return { captureUrl: deps.pages.capture(ask, turn.event.platform) };
}

export async function answerWithText(
  deps: ConversationDeps,
  turn: Turn,
  question: ItemQuestion,
  text: string,
): Promise<Answered> {
  const deal = await deps.deals.get(question.dealId);
  const found = deal === null ? null : dealItem(deps.deals.flowOf(deal), deal, question.itemId);
  if (deal === null || found === null || deal.ownerId !== turn.person.id) return { kind: 'not-an-answer', got: 'text' };
  const { item } = found;
  const flow = deps.deals.flowOf(deal);
  const submit = (value: SubmissionValue): Promise<Answered> =>
    submitValue(deps, turn, question, value, { known: deal });
  const nextStep = (draft: Record<string, string>, step: number): Answered => {
    const next: ItemQuestion = { ...question, step, draft };
    turn.change.question = next;
    putQuestion(deps, turn, deal, flow, item, next, 'say');
    return { kind: 'asked' };
  };
  switch (item.kind) {
    case 'text':
      if ([...text].length < item.minLength) {
        turn.text(`再写具体一点，至少 ${item.minLength} 个字。`);
        return { kind: 'asked' };
      }
      return submit({ kind: 'text', text });
    case 'purchase-history':
      return submit({ kind: 'purchase-history', categories: readList(text) });
    case 'follow-up': {
      const element = item.elements[question.step] ?? '';
      const draft = { ...question.draft, [element]: text };
      if (question.step + 1 < item.elements.length) return nextStep(draft, question.step + 1);
      return submit({ kind: 'follow-up', elements: draft });
    }
    case 'link':
      return answerLink(deps, turn, question, text, nextStep, submit);
    case 'choice': {
      const option = item.options.find((one) => one === text || one.includes(text));
      return option === undefined ? { kind: 'not-an-answer', got: 'text' } : submit({ kind: 'choice', option });
    }
    case 'tags': {
      const known = (flow.tagLibraries[item.library]?.groups ?? []).flatMap((group) => group.tags);
      const tags = readList(text).map((part) => known.find((tag) => tag === part || tag.includes(part)));
      if (tags.some((tag) => tag === undefined)) return { kind: 'not-an-answer', got: 'text' };
      return submit({ kind: 'tags', tags: [...new Set(tags as string[])] });
    }
    case 'touch':
      return handInTouch(deps, turn, question, { witness: witnessOf(question, item.accepts), note: text }, deal);
    case 'confirm':
      return /^(是|好|确认|收到|ok)/iu.test(text)
        ? submit({ kind: 'confirm' })
        : { kind: 'not-an-answer', got: 'text' };
    case 'photo':
    case 'file':
    case 'sheet':
    case 'voice':
    case 'scan':
    case 'approval':
      return { kind: 'not-an-answer', got: 'text' };
  }
}

function answerLink(
  deps: ConversationDeps,
  turn: Turn,
  question: ItemQuestion,
  text: string,
  nextStep: (draft: Record<string, string>, step: number) => Answered,
  submit: (value: SubmissionValue) => Promise<Answered>,
): Promise<Answered> | Answered {
  const url = readUrl(text);
  if (url !== null) return nextStep({ url }, 1);
  if (question.step === 0) {
    turn.text('这不像一个网址。打开那页公告，把地址（https:// 开头）复制发给我。');
    return { kind: 'asked' };
  }
  if (question.step === 1) return nextStep({ ...question.draft, title: text }, 2);
  const on = readDay(text, deps.calendar.localDate(turn.now));
  if (on === null) {
    turn.text('没看懂日期。写成 2026-09-30 或 9 月 30 日。');
    return { kind: 'asked' };
  }
  return submit(linkValue(question, on));
}

export function linkValue(question: ItemQuestion, publishedOn?: string): SubmissionValue {
  return {
    kind: 'link',
    url: question.draft['url'] ?? '',
    title: question.draft['title'] ?? '',
    ...(publishedOn === undefined ? {} : { publishedOn }),
  };
}

/** The chosen options of a submitted question, as the value its item wants; null when nothing was chosen. */
export function chosenValue(item: Item, choices: Record<string, string[]>): SubmissionValue | null {
  const chosen = choices[CHOICE_KEY] ?? Object.values(choices).flat();
  switch (item.kind) {
    case 'confirm':
      return { kind: 'confirm' };
    case 'choice':
      return chosen[0] === undefined ? null : { kind: 'choice', option: chosen[0] };
    case 'tags':
      return chosen.length === 0 ? null : { kind: 'tags', tags: chosen };
    default:
      return null;
  }
}

type Witness = Extract<SubmissionValue, { kind: 'touch' }>['witness'];

/** The witness that was pressed; without a press the first that the flow accepts. */
function witnessOf(question: ItemQuestion, accepts: readonly Witness[]): Witness {
  return accepts.find((one) => one === question.draft['witness']) ?? accepts[0] ?? 'message';
}
