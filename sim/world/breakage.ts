import type { AcceptBatch, Composed, Settled } from '../../src/core/flow-store.ts';
import type { Store } from '../../src/core/store.ts';
import type { Tables } from '../store/tables.ts';
import type { Timeline } from './timeline.ts';

/**
 * A rule that is broken on purpose: a simulation that does not notice would be worth nothing. The last one is not the
 * runtime's own: it shows what it makes of a connector that does not keep its promise.
 */
export const BREAKAGES = [
  'acknowledges_unstored',
  'no_fence',
  'sends_before_stored',
  'forgets_what_is_known',
  'trusts_the_window',
] as const;
export type Breakage = (typeof BREAKAGES)[number];

type Breaks = (store: Store, tables: Tables, timeline: Timeline) => Store;

/** What stands between the runtime and the store; absent where the rule is another's. */
export const breakages: Readonly<Record<Breakage, Breaks | undefined>> = {
  /** The receiver tells the platform before it hands over. */
  acknowledges_unstored: undefined,

  /** Whoever commits is taken for the owner. */
  no_fence: (store, tables) => {
    const owned = <T extends AcceptBatch | Composed | Settled>(input: T): T =>
      ({ ...input, epoch: input.epoch === null ? null : (tables.bots.get(input.botId)?.epoch ?? 0) }) as T;
    return {
      ...store,
      accept: (batch) => store.accept(owned(batch)),
      compose: (composed) => store.compose(owned(composed)),
      settle: (settled) => store.settle(owned(settled)),
    };
  },

  /** The answer is stored a moment after it was said to be. */
  sends_before_stored: (store, _tables, timeline) => ({
    ...store,
    compose: async (composed) => {
      timeline.after(1_500, () => void store.compose(composed));
      return {
        ok: true,
        deliveries: composed.parts.map(({ id, part }, index) => ({
          ...{ id, part, index, botId: composed.botId, integrationId: composed.integrationId, to: composed.to },
          ...{ inboxSeq: composed.seq, operation: 'create', revision: 0, attempts: 0, maybeDuplicate: false },
          ...{ state: index === 0 ? 'sending' : 'pending', nextAttemptAt: composed.at, createdAt: composed.at },
        })),
      };
    },
  }),

  /** A message that comes once more is a new one. */
  forgets_what_is_known: (store, tables) => ({
    ...store,
    accept: (batch) => {
      tables.known.clear();
      return store.accept(batch);
    },
  }),

  /** A platform removes repeats for some minutes only, but what is told by that holds for ever. */
  trusts_the_window: undefined,
};
