interface Gate {
  busy: number;
  /** As asked for last: it is its owner's to change. */
  limit: number;
  /** In the order in which they came; each takes a slot that is free by now. */
  readonly waiting: Set<() => void>;
}

/** At most so many at once by key, first come first served. Keys that nobody uses cost nothing. */
export class Slots {
  readonly #gates = new Map<string, Gate>();

  /** Waits for a slot; `false` when it is not wanted any more. Every `true` is followed by one `give`. */
  async take(key: string, limit: number, wanted: AbortSignal): Promise<boolean> {
    if (wanted.aborted) return false;
    const gate = this.#gates.get(key) ?? { busy: 0, limit, waiting: new Set() };
    this.#gates.set(key, gate);
    gate.limit = Math.max(1, limit);
    this.#next(gate);
    if (gate.busy < gate.limit) {
      gate.busy++;
      return true;
    }
    return new Promise((resolve) => {
      const leave = () => {
        gate.waiting.delete(enter);
        resolve(false);
      };
      const enter = () => {
        wanted.removeEventListener('abort', leave);
        resolve(true);
      };
      gate.waiting.add(enter);
      wanted.addEventListener('abort', leave, { once: true });
    });
  }

  give(key: string): void {
    const gate = this.#gates.get(key);
    if (!gate) return;
    gate.busy--;
    this.#next(gate);
    if (gate.busy === 0) this.#gates.delete(key);
  }

  /** Lets in who waits, as far as there is room. */
  #next(gate: Gate): void {
    for (const enter of gate.waiting) {
      if (gate.busy >= gate.limit) return;
      gate.waiting.delete(enter);
      gate.busy++;
      enter();
    }
  }
}
