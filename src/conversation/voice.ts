import { dealItem } from '../deals/index.js';
import type { Item } from '../flow/index.js';
import type { InboundBody } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { onFile, wantsRecording } from './files.js';
import { answerWithText } from './questions.js';
import { waitingAsk } from './nudged.js';
import { openQuestion, type Question } from './session.js';
import { onText } from './texts.js';
import type { Turn } from './turn.js';
import { wrongKind } from './unclear.js';

type Voice = Extract<InboundBody, { kind: 'voice' }>;

/** A recording where one is asked for; anything else is the rep dictating, and the words count as if they were typed. */
export async function onVoice(deps: ConversationDeps, turn: Turn, voice: Voice): Promise<void> {
  const heard = (voice.transcript ?? '').trim();
  const question = openQuestion(turn.session);
  const deal = question?.kind === 'item' ? await deps.deals.get(question.dealId) : null;
  const found =
    question?.kind === 'item' && deal !== null ? dealItem(deps.deals.flowOf(deal), deal, question.itemId) : null;
  if (found?.item.kind === 'voice' || (question === null && heard === '' && (await wantsRecording(deps, turn)))) {
    await onFile(deps, turn, voice.media, 'voice', heard);
    return;
  }
  const words = heard === '' && takesWords(question, found?.item) ? await dictated(deps, voice) : heard;
  if (words !== '' && (question?.kind !== 'item' || waitingAsk(turn.session) !== null)) {
    await onText(deps, turn, words);
    return;
  }
  if (words !== '' && question?.kind === 'item') {
    const answered = await answerWithText(deps, turn, question, words);
    if (answered.kind === 'submitted') turn.remember(answered.done.card.card);
    if (answered.kind !== 'not-an-answer') return;
  }
  if (deal === null || found === null) {
    turn.text('语音收到了，但这里没有识别出文字。打字发给我就行。');
    return;
  }
  wrongKind(turn, deal, found.item, 'voice');
}

/** Nothing is sent to a service whose words could answer nothing. */
function takesWords(question: Question | null, item: Item | undefined): boolean {
  return question?.kind !== 'item' || (item !== undefined && !['photo', 'file', 'sheet', 'scan'].includes(item.kind));
}

/** The platform wrote nothing down: the configured service may. The sound itself is kept by nobody. */
async function dictated(deps: ConversationDeps, { media }: Voice): Promise<string> {
  try {
    const { bytes } = await deps.fetchMedia(media);
    return (await deps.transcribe(bytes))?.trim() ?? '';
  } catch (error) {
    // The rep can type; that is said to them.
    deps.log.warn({ err: error }, 'voice message not put into words');
    return '';
  }
}
