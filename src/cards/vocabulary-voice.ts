import type { CardData } from './data.js';
import { actionKey as key } from './keys.js';
import { exempt, item, later, question, toDeal, yes } from './vocabulary-parts.js';
import { list, vocabulary, vocabularyByState } from './words.js';
import type { Vocabulary } from './words.js';

interface OfRecording {
  dealId: string;
  submissionId: string;
}

/** Recordings: asked for, agreed to, and what was heard in them. */
export const VOICE_CARDS: { readonly [N in 'ask-voice' | 'voice-consent' | 'voice-words']: Vocabulary<CardData[N]> } = {
  'ask-voice': vocabulary<CardData['ask-voice']>({
    words: { ...question, 有别人的声音: (d) => yes(d.othersVoice) },
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'voice-consent': vocabularyByState<CardData['voice-consent']>(
    { ask: '问同意', agreed: '对方同意', own: '自己口述', dropped: '删掉了' },
    {
      words: { ...item, 说明: (d) => d.say, 可口述: (d) => yes(d.ownAllowed === true), 时间: (d) => d.at },
      actions: {
        对方同意: (d: OfRecording) => key('voice-agree', d.dealId, d.submissionId),
        自己口述: (d: OfRecording) => key('voice-own', d.dealId, d.submissionId),
        删掉: (d: OfRecording) => key('voice-drop', d.dealId, d.submissionId),
        ...toDeal,
      },
    },
  ),
  'voice-words': vocabularyByState<CardData['voice-words']>(
    { offer: '请确认', noted: '记下了' },
    {
      words: { ...item, 几件: (d) => d.mentions.length },
      lists: {
        听到的: list((d) => d.mentions, {
          编号: (one) => one.id,
          关键词: (one) => one.name,
          原话: (one) => one.quote,
        }),
      },
      actions: { 记备注: (d: OfRecording) => key('voice-note', d.dealId, d.submissionId), ...toDeal },
    },
  ),
};
