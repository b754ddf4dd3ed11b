/** Does the work for every entry; one that fails does not keep the others from theirs. Throws at the end what went wrong. */
export async function forEach<T>(entries: Iterable<T>, work: (entry: T) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const entry of entries) {
    try {
      await work(entry);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0] instanceof Error ? errors[0] : new Error(String(errors[0]));
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} of the entries failed`);
}
