/** Why a piece goes back, said with one press: in the chat and on the page. `id` stands in a button's key, `text` reaches the rep. */
export const REVIEW_REASONS = [
  { id: 'unclear', text: '看不清，重拍一张' },
  { id: 'other-client', text: '不是这个客户的' },
  { id: 'not-now', text: '不是当次拍的' },
  { id: 'mismatch', text: '内容对不上要求' },
] as const;
