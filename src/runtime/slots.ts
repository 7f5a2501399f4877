interface Gate {
  busy: number;
  /** As asked for last: it is its owner's to change. */
  limit: number;
  /** By who waits, the next one first; each has a line of their own. All that is in a line takes a slot that is free by now. */
  readonly lines: Map<string, Set<() => void>>;
}

/** At most so many at once by key; where they wait, one of each in turn. Keys that nobody uses cost nothing. */
export class Slots {
  readonly #gates = new Map<string, Gate>();

  /** Waits for a slot in the line of `whose`; `false` when it is not wanted any more. Every `true` is followed by one `give`. */
  async take(key: string, whose: string, limit: number, wanted: AbortSignal): Promise<boolean> {
    if (wanted.aborted) return false;
    const gate = this.#gates.get(key) ?? { busy: 0, limit, lines: new Map() };
    this.#gates.set(key, gate);
    gate.limit = Math.max(1, limit);
    this.#next(gate);
    if (gate.busy < gate.limit) {
      gate.busy++;
      return true;
    }
    const line = gate.lines.get(whose) ?? new Set();
    gate.lines.set(whose, line);
    return new Promise((resolve) => {
      const leave = () => {
        line.delete(enter);
        if (line.size === 0) gate.lines.delete(whose);
        resolve(false);
      };
      const enter = () => {
        wanted.removeEventListener('abort', leave);
        resolve(true);
      };
      line.add(enter);
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

  /** Lets in who waits, as far as there is room. Who was let in once stands behind all others with what they still have. */
  #next(gate: Gate): void {
    for (const [whose, line] of gate.lines) {
      if (gate.busy >= gate.limit) return;
      gate.lines.delete(whose);
      const [enter] = line;
      if (!enter) continue;
      line.delete(enter);
      if (line.size > 0) gate.lines.set(whose, line);
      gate.busy++;
      enter();
    }
  }
}
