/** What of `after` differs from `before`, whatever order the fields stand in. */
export function changed<T extends { id: string }>(before: readonly T[], after: readonly T[]): T[] {
  const old = new Map(before.map((entry) => [entry.id, canonical(entry)]));
  return after.filter((entry) => old.get(entry.id) !== canonical(entry));
}

function canonical(entry: object): string {
  return JSON.stringify(
    Object.entries(entry)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
