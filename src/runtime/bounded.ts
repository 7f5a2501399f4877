/** A map that forgets what was not touched for longest, so that strangers cannot fill the memory of a node. */
export class Bounded<V> {
  readonly #entries = new Map<string, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Stores it as the newest. */
  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Drops the oldest as long as they are past their use, at most two: called at each write, this keeps up with what is new. */
  prune(useless: (value: V) => boolean): void {
    let looked = 0;
    for (const [key, value] of this.#entries) {
      if (looked++ === 2 || !useless(value)) return;
      this.#entries.delete(key);
    }
  }
}
