/**
 * One at a time for each key. An update reads, asks the platform and then writes; two at once on one integration would
 * overwrite each other's credential or cursors. Within this process only: between nodes the store decides, by its claims, and
 * by laying options over what is stored when it writes.
 */
export function createKeyMutex(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const run = before.then(work, work);
    tails.set(key, run);
    try {
      return await run;
    } finally {
      if (tails.get(key) === run) tails.delete(key);
    }
  };
}
