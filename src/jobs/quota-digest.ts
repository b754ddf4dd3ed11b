import { addDays, type WorkCalendar } from '../org/index.js';
import type { Outgoing, PlatformName } from '../platforms/contract.js';
import { createOnce } from './once.js';
import type { Tick } from './tick.js';

export interface QuotaDigestDeps<Month> {
  calendar: Pick<WorkCalendar, 'localDate' | 'isWorkday'>;
  platforms: readonly PlatformName[];
  /** Null where the platform counts nothing. */
  monthOf: (platform: PlatformName) => Month | null;
  digest: (platform: PlatformName, month: Month, week: string) => Outgoing[];
  enqueue: (messages: readonly Outgoing[]) => Promise<void>;
}

/** On the first working day of a week administrators hear where the month's calls stand. */
export function createQuotaDigestTick<Month>(deps: QuotaDigestDeps<Month>): Tick {
  const out = createOnce(deps.enqueue);
  return {
    name: 'quota-digest',
    cron: '5 9 * * *',
    async run(now) {
      const on = deps.calendar.localDate(now);
      if (!deps.calendar.isWorkday(on)) return;
      // The key is the week's: what the first working day sent, no later one sends again.
      const week = mondayOf(on);
      for (const platform of deps.platforms) {
        const month = deps.monthOf(platform);
        if (month !== null) await out.send(deps.digest(platform, month, week));
      }
    },
  };
}

function mondayOf(on: string): string {
  const sinceMonday = (new Date(`${on}T00:00Z`).getUTCDay() + 6) % 7;
  return addDays(on, -sinceMonday);
}
