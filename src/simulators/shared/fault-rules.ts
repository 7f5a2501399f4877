interface Rule {
  readonly fault: unknown;
  /** How many calls it hits; 1 unless told. */
  readonly times?: number;
}

/** What goes wrong with calls, on request. The oldest rule that hits is used first. */
export class FaultRules<R extends Rule> {
  #rules: { readonly rule: R; left: number }[] = [];
  /** Added to every answer, ms; by what, each platform says. */
  readonly latency = new Map<string, number>();
  /** Listening, but resetting every connection. */
  down = false;

  /** Returns what takes it out again. */
  add(rule: R): () => undefined {
    const added = { rule, left: rule.times ?? 1 };
    this.#rules.push(added);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== added);
    };
  }

  /** The fault of the first rule that hits, used up by one. */
  take(hits: (rule: R) => boolean): R['fault'] | undefined {
    const found = this.#rules.find(({ rule }) => hits(rule));
    if (!found) return undefined;
    found.left--;
    if (found.left <= 0) this.#rules = this.#rules.filter((other) => other !== found);
    return found.rule.fault;
  }

  clear(): void {
    this.#rules = [];
  }
}
