import type { IntegrationId } from '../core/ids.ts';
import type { Place } from '../core/message.ts';

/** A message that waits for its answer, or whose answer is on its way. */
export interface Want {
  /** The number of its message in the store. */
  readonly seq: number | null;
  readonly integrationId: IntegrationId;
  readonly at: Place;
}

/** What somebody still wants done: each has a signal that aborts when nobody does any more. */
export class Wants {
  readonly #open = new Map<Want, AbortController>();

  get open(): readonly Want[] {
    return [...this.#open.keys()];
  }

  /** Until `done`. Aborted at once where nobody wants it already. */
  add(want: Want, wanted: boolean): { readonly signal: AbortSignal; done(): void } {
    const controller = new AbortController();
    if (wanted) this.#open.set(want, controller);
    else controller.abort();
    return { signal: controller.signal, done: () => void this.#open.delete(want) };
  }

  keep(wanted: (want: Want) => boolean): void {
    for (const [want, controller] of this.#open) {
      if (wanted(want)) continue;
      controller.abort();
      this.#open.delete(want);
    }
  }
}
