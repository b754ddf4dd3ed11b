import { asId, stableId, type DealId, type EvidenceId, type PersonId, type TodoId } from '../core/index.js';
import { currentVisitOf, type DealDocument, stageOf } from '../deals/index.js';
import { type Flow, type Item } from '../flow/index.js';
import type { Person } from '../org/index.js';
import type { PlatformName } from '../platforms/contract.js';
import type { TodoAnswer, TodoDocument } from '../todos/index.js';
import type { ConversationDeps } from './context.js';
import type { Turn } from './turn.js';

/** Exemptions are counted per calendar month in the organisation's zone. */
export async function exemptionsLeft(deps: ConversationDeps, rep: PersonId, flow: Flow): Promise<number> {
  const month = deps.calendar.monthOf(deps.clock.now());
  const used = await deps.todos.countGranted(rep, month.from);
  return Math.max(0, (flow.exemptions?.perPersonPerMonth ?? 0) - used);
}

function whoExempts(deps: ConversationDeps, rep: PersonId, flow: Flow): Person | undefined {
  const roles = flow.exemptions?.who ?? [];
  if (roles.includes('supervisor')) return deps.org.supervisorOf(rep);
  return roles.includes('director') ? deps.org.directorOf(rep) : undefined;
}

/** The rep wants an item let go: first a reason, then whoever may decide is asked. */
export async function askExemption(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  flow: Flow,
  item: Item,
): Promise<void> {
  const about = { dealId: deal._id, itemId: item.id, client: deal.clientName, item: item.name };
  const decider = whoExempts(deps, turn.person.id, flow);
  if (flow.exemptions === undefined || decider === undefined) {
    turn.text(`这个流程没有豁免，「${item.name}」要做完才能往下走。`);
    return;
  }
  if ((await deps.todos.findOpen({ kind: 'exemption', dealId: deal._id, itemId: item.id })) !== null) {
    turn.text(`「${item.name}」的豁免已经在等${decider.name}答复了。`);
    return;
  }
  const left = await exemptionsLeft(deps, turn.person.id, flow);
  if (left === 0) {
    turn.replace('exempted', { ...about, state: 'none-left', by: decider.name });
    return;
  }
  turn.change.question = { kind: 'exempt-reason', dealId: deal._id, itemId: item.id, askedAt: turn.now };
  turn.replace('exempt-reason', { ...about, left });
}

/** The reason came: the ask goes to whoever may decide. */
export async function sendExemption(
  deps: ConversationDeps,
  turn: Turn,
  question: { dealId: DealId; itemId: string },
  reason: string,
): Promise<void> {
  const deal = await deps.deals.get(question.dealId);
  if (deal === null) return;
  const flow = deps.deals.flowOf(deal);
  const decider = whoExempts(deps, turn.person.id, flow);
  const visit = currentVisitOf(deal);
  const stage = visit === undefined ? undefined : stageOf(flow, visit.stageId);
  const item = stage?.items.find((one) => one.id === question.itemId);
  if (decider === undefined || stage === undefined || item === undefined || flow.exemptions === undefined) {
    turn.text('这一项已经不用豁免了。');
    return;
  }
  const validDays = Math.round(flow.exemptions.validMs / 86_400_000);
  await deps.todos.ask(stableId<TodoId>('todo', 'exemption', turn.event.key), {
    kind: 'exemption',
    dealId: deal._id,
    clientName: deal.clientName,
    stageName: stage.name,
    itemId: item.id,
    itemName: item.name,
    fromId: turn.person.id,
    fromName: turn.person.name,
    department: '',
    assignees: [decider.id],
    text: `申请豁免「${item.name}」`,
    reason,
    left: await exemptionsLeft(deps, turn.person.id, flow),
    validFor: `${validDays} 天`,
    limitText: '',
    dueAt: deps.calendar.addWork(turn.now, { amount: 1, unit: 'workday' }),
    prefer: turn.event.platform,
  });
  turn.text(`已发给${decider.name}。同意了这一项就放行，这里会告诉你。`);
}

/** After an objection the department is asked once more; while it is being asked, that is said. */
export async function askApprovalAgain(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  item: Extract<Item, { kind: 'approval' }>,
): Promise<void> {
  // On the second try of the same press the ask is the one that it made.
  const isMine = deal.applied.some((entry) => entry.key === turn.event.key);
  const isAsked =
    !isMine && (await deps.todos.findOpen({ kind: 'approval', dealId: deal._id, itemId: item.id })) !== null;
  const done = isAsked
    ? null
    : await deps.deals.requestApproval({
        key: turn.event.key,
        dealId: deal._id,
        by: turn.person.id,
        platform: turn.event.platform,
        itemId: item.id,
      });
  turn.text(
    done === null || done.decision?.outcome === 'refused'
      ? `「${item.name}」在等${item.department}处理，已经发到他们的聊天里了。`
      : `已经再请${item.department}看「${item.name}」，有答复就告诉你。`,
  );
}

/** The rep wants a person to look at evidence that the machine did not pass: the gate says whether there is a need. */
export async function askReview(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  evidenceId: EvidenceId,
): Promise<void> {
  const reviewer = deps.org.supervisorOf(deal.ownerId) ?? deps.org.directorOf(deal.ownerId);
  const done = await deps.deals.requestReview({
    key: turn.event.key,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
    evidenceId,
  });
  if (done.decision?.outcome === 'refused') turn.text('这份材料现在不用复核了，看清单上的最新状态。');
  else
    turn.text(
      reviewer === undefined ? '还没有能复核的人，先重新交一次。' : `已请${reviewer.name}复核，有结果就告诉你。`,
    );
}

/** Somebody answered a to-do: the answer is kept, and what it means for the deal is done. Safe to repeat. */
export async function settleTodo(
  deps: ConversationDeps,
  command: { key: string; platform: PlatformName; fromPress: boolean },
  todo: TodoDocument,
  person: Person,
  approved: boolean,
  note: string,
): Promise<{ card: NonNullable<Turn['answer']>; answer: TodoAnswer }> {
  const id = asId<TodoId>(todo._id);
  const answered = await deps.todos.answer(
    id,
    { key: command.key },
    { approved, note, by: person.id, byName: person.name },
  );
  if (answered === null) throw new TypeError(`to-do ${todo._id} vanished`);
  const answer = answered.todo.answer;
  if (answer === undefined) throw new TypeError(`to-do ${todo._id} has no answer`);
  // Whoever comes second still makes sure that the first answer reached the deal: the command is the same one.
  const deal = { key: `todo:${id}`, dealId: todo.dealId, platform: todo.prefer };
  switch (todo.kind) {
    case 'approval':
      await deps.deals.submit({
        ...deal,
        by: answer.by,
        itemId: todo.itemId ?? '',
        evidenceId: stableId<EvidenceId>('ev', 'todo', id),
        value: { kind: 'approval', approved: answer.approved, note: answer.note, by: answer.by },
        askedAt: todo.createdAt,
      });
      break;
    case 'review': {
      const say = answer.approved
        ? `${answer.byName}看过了，通过。`
        : `${answer.byName}看过了，没通过${answer.note === '' ? '' : `：${answer.note}`}。重新交一次就行。`;
      const evidenceId = todo.evidenceId ?? asId<EvidenceId>('-');
      await deps.deals.judge({
        ...deal,
        by: answer.by,
        evidenceId,
        status: answer.approved ? 'passed' : 'failed',
        say,
        codes: answer.approved ? [] : ['review.refused'],
      });
      await deps.verification.note(evidenceId, {
        at: answer.at,
        who: answer.byName,
        status: answer.approved ? 'passed' : 'failed',
        text: say,
      });
      break;
    }
    case 'exemption': {
      const held = await deps.deals.get(todo.dealId);
      const validMs = held === null ? 0 : (deps.deals.flowOf(held).exemptions?.validMs ?? 0);
      const expiresAt = new Date(answer.at.getTime() + validMs);
      if (answer.approved) {
        await deps.deals.exempt({
          ...deal,
          by: answer.by,
          itemId: todo.itemId ?? '',
          reason: todo.reason ?? '',
          expiresAt,
        });
      }
      const card = deps.cards.fill('exempted', {
        dealId: todo.dealId,
        itemId: todo.itemId ?? '',
        client: todo.clientName,
        item: todo.itemName ?? '',
        state: answer.approved ? 'granted' : 'refused',
        by: answer.byName,
        ...(answer.approved ? { reason: todo.reason ?? '', until: deps.words.day(expiresAt) } : {}),
      });
      await deps.send([
        {
          key: `exempted:${id}`,
          to: { kind: 'person', personId: todo.fromId, prefer: todo.prefer },
          message: { kind: 'show', cardId: stableId('c', 'exempted', id), card },
          purpose: 'verdict',
        },
      ]);
      break;
    }
    case 'task':
      await deps.send([
        {
          key: `task-done:${id}`,
          to: { kind: 'person', personId: todo.fromId, prefer: todo.prefer },
          message: { kind: 'text', text: `${answer.byName}办完了：${todo.clientName}，${todo.text}。` },
          purpose: 'todo',
        },
      ]);
      break;
  }
  return { card: answered.card, answer };
}
