import type { ReceiverPort } from '../../core/connector.ts';
import { readProof } from './hook.ts';
import { CURSOR } from './places.ts';

/** Cursor: the newest message that a socket brought to the bot, ms since 1970 by the platform's clock. */
export const PUSHED = 'pushed';

/** What has not been pushed after so long was not pushed. The platform repeats what we did not take at once [S19]. */
const PATIENCE_MS = 60_000;
/** That events arrive is noted once a minute: a message may be younger than the note by that, and by the way of both. */
const NOTE_MS = 90_000;

/** How messages may come by themselves. */
export type Push =
  | { readonly kind: 'socket' }
  /** `secret`: the short form of the signing secret that events have to be signed with now. */
  | { readonly kind: 'events'; readonly secret: string };

/** Until when everything is known to have been pushed, ms since 1970; undefined when nothing ever was. */
export function pushedUntil(push: Push, cursors: ReceiverPort['cursors']): number | undefined {
  if (push.kind === 'socket') {
    const at = Number(cursors.get(PUSHED) ?? Number.NaN);
    return Number.isFinite(at) ? at : undefined;
  }
  const proof = readProof(cursors.get(CURSOR.events));
  return proof?.secret === push.secret ? proof.at : undefined;
}

/**
 * Judges whether pushing works, by what history shows: a message that was there for a minute and was never pushed means
 * that it does not, however well the connection looks (F091). The next one that is pushed clears it.
 */
export class Trust {
  readonly #port: Pick<ReceiverPort, 'cursors' | 'clock'>;
  #missedAt: number | undefined;

  constructor(port: Pick<ReceiverPort, 'cursors' | 'clock'>) {
    this.#port = port;
  }

  holds(push: Push): boolean {
    if (this.#missedAt === undefined) return true;
    const until = pushedUntil(push, this.#port.cursors);
    if (until === undefined || until <= this.#missedAt) return false;
    this.#missedAt = undefined;
    return true;
  }

  /**
   * History has shown messages of these times, ms since 1970. `since`: from when on they should have been pushed. Returns
   * whether one was missed.
   */
  seen(push: Push, sentAt: readonly number[], since: number): boolean {
    const margin = push.kind === 'events' ? NOTE_MS : 0;
    const after = Math.max(since, (pushedUntil(push, this.#port.cursors) ?? 0) + margin);
    const latest = this.#port.clock.now() - PATIENCE_MS;
    const missed = sentAt.filter((at) => at > after && at < latest);
    if (missed.length === 0) return false;
    this.#missedAt = Math.max(...missed);
    return true;
  }
}
