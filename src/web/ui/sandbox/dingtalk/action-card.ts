import type { Json } from '../types.ts';

/** DingTalk's action card as a client draws it: a text, and buttons that are links. Its title is for lists and notices only. */
export interface ActionCard {
  text: string;
  buttons: { title: string; url: string }[];
  /** Else one below the other. */
  sideBySide: boolean;
}

const MOST_BUTTONS = 6;

/** From a robot's message (`sampleActionCard…`) or a webhook (`actionCard`); null: another kind of card. */
export function actionCardOf(card: Json | undefined): ActionCard | null {
  const kind = text(card?.['msgKey']);
  if (card === undefined || !/actionCard/i.test(kind)) return null;
  const listed = Array.isArray(card['btns']) ? (card['btns'] as Json[]) : [];
  const buttons = [
    { title: text(card['singleTitle']), url: text(card['singleURL']) },
    ...listed.map((one) => ({ title: text(one['title']), url: text(one['actionURL']) })),
    ...Array.from({ length: MOST_BUTTONS }, (_, n) => ({
      // The kind for two buttons side by side spells its fields differently.
      title: text(card[`actionTitle${n + 1}`]) || text(card[`buttonTitle${n + 1}`]),
      url: text(card[`actionURL${n + 1}`]) || text(card[`buttonUrl${n + 1}`]),
    })),
  ];
  return {
    text: text(card['text']),
    buttons: buttons.filter(({ title }) => title !== ''),
    sideBySide: kind === 'sampleActionCard6' || text(card['btnOrientation']) === '1',
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
