import type { Reading } from './history.ts';
import { type Api, nextCursor, objectsIn } from './wire.ts';

const CALL_TIMEOUT_MS = 10_000;
const MAX_PAGE = 200;

/** The direct messages of a bot: a new one can only be found by asking for all of them. */
export class Conversations {
  readonly #api: Api;
  #known: readonly string[] = [];
  #listing: { readonly found: string[]; readonly next: string } | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Their channels, as of the last time that all pages were read. */
  get known(): readonly string[] {
    return this.#known;
  }

  /** Reads the next page. */
  async read(signal: AbortSignal): Promise<Reading> {
    const parameters = { types: 'im', limit: MAX_PAGE, ...(this.#listing && { cursor: this.#listing.next }) };
    const reply = await this.#api('users.conversations', parameters, { timeoutMs: CALL_TIMEOUT_MS, signal });
    if (reply.kind !== 'ok') {
      this.#listing = undefined;
      return reply;
    }
    const ids = objectsIn(reply.body, 'channels').map(({ id }) => id);
    const found = [...(this.#listing?.found ?? []), ...ids.filter(isDirectId)];
    const next = nextCursor(reply.body);
    this.#listing = next === undefined ? undefined : { found, next };
    if (next === undefined) this.#known = found;
    return { kind: 'read', heard: [], unfinished: next !== undefined, objects: ids.length, more: next !== undefined };
  }
}

function isDirectId(id: unknown): id is string {
  return typeof id === 'string' && /^D[A-Z0-9]{1,40}$/.test(id);
}
