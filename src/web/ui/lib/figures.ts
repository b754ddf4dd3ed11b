import type { Figure } from '../../backend.ts';

export interface Change {
  text: string;
  direction: 'up' | 'down' | 'same';
}

/** Change against the last period in points, with sign and word; null where one of the two cannot be evaluated. */
export function changeOf(figure: Figure): Change | null {
  const { percent, previous } = figure;
  if (percent === null || previous === undefined || previous.percent === null) return null;
  const points = Math.round(percent - previous.percent);
  if (points === 0) return { text: '持平', direction: 'same' };
  return points > 0 ? { text: `升 ${points} 点`, direction: 'up' } : { text: `降 ${-points} 点`, direction: 'down' };
}
