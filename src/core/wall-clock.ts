/** What a clock on the wall of a zone shows: `date` YYYY-MM-DD, `time` HH:MM, `second` SS. */
export interface WallClock {
  date: string;
  time: string;
  second: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of an IANA zone at an instant, whatever the host's zone is. Throws RangeError for an unknown zone. */
export function wallClock(at: Date | number, zone: string): WallClock {
  let format = formats.get(zone);
  if (format === undefined) {
    // Making a format costs a hundred times what using it does.
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = value;
  return {
    date: `${part['year']}-${part['month']}-${part['day']}`,
    time: `${part['hour']}:${part['minute']}`,
    second: part['second'] ?? '00',
  };
}
