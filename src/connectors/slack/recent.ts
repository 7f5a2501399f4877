/** Of each kind of thing; more than stand on two sheets and in the slice that is read. */
const KEPT = 8_192;

/**
 * The same, but what was asked for lately is not made again: at least so many results are kept, at most twice as many.
 * Not a `WeakMap`: one with a million entries stops everything for half a second when the collector clears it.
 */
export function recent<K extends object, V>(make: (key: K) => V): (key: K) => V {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  return (key) => {
    const found = young.get(key);
    if (found !== undefined) return found;
    const value = old.get(key) ?? make(key);
    if (young.size >= KEPT) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
    return value;
  };
}
