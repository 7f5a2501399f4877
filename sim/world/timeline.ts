import { setImmediate } from 'node:timers/promises';

interface Entry {
  readonly due: number;
  readonly order: number;
  act: (() => void) | undefined;
}

/**
 * Virtual time, ms. Nothing passes while anything goes on: each event runs until all promises it set off have come to
 * rest, then time jumps to the next. Equal times keep the order in which they were asked for.
 */
export class Timeline {
  #now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  get now(): number {
    return this.#now;
  }

  /** Returns the way to call it off. */
  after(ms: number, act: () => void): () => void {
    const entry: Entry = { due: this.#now + ms, order: this.#order++, act };
    push(this.#heap, entry);
    return () => {
      entry.act = undefined;
    };
  }

  /** Lets time pass until the condition holds, nothing is left to happen, or `limit` is reached. */
  async run(limit: number, until: () => boolean = () => false): Promise<void> {
    await setImmediate();
    while (!until()) {
      const next = this.#heap[0];
      if (!next || next.due > limit) {
        this.#now = Math.max(this.#now, limit);
        return;
      }
      pop(this.#heap);
      if (!next.act) continue;
      this.#now = next.due;
      next.act();
      // A macrotask begins only when no microtask is left: nothing in here does I/O of its own.
      await setImmediate();
    }
  }
}

const earlier = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up];
    if (!parent || !earlier(entry, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    let child = heap[down];
    if (!child) break;
    const right = heap[down + 1];
    if (right && earlier(right, child)) {
      down++;
      child = right;
    }
    if (!earlier(child, last)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = last;
}
