import type { Clock } from '../../core/clock.ts';
import { type Api, isObject, type WireMessage } from './wire.ts';

const CALL_TIMEOUT_MS = 5_000;
/** People whose names are kept, of all bots of the process; those asked for longest ago go first. */
const MAX_KNOWN = 20_000;
/** Names to be looked up of one bot. */
const MAX_WANTED = 100;
/** Nobody waits for more names than this before a message is taken. */
const MAX_AT_ONCE = 10;
/** Names can wait: after trouble nobody is asked for so long. */
const TROUBLE_MS = 30_000;

/**
 * Process-wide, because events are read where no receiver is at hand. An empty name: the platform knows none. Each bot has
 * its own: what its token may know is nobody else's business.
 */
const known = new Map<string, string>();
interface Wanted {
  readonly ids: Set<string>;
  /** Who is being asked for at the moment. */
  readonly asked: Set<string>;
  /** Those who look names up for the bot. */
  askers: number;
}

/** Who was asked for in vain, of each bot for which somebody in this process looks names up. */
const wanted = new Map<string, Wanted>();

/** The name of a person as far as it is known; one that is not will be looked up. */
export function knownName(identity: string, userId: string): string | undefined {
  const key = `${identity}/${userId}`;
  const name = known.get(key);
  if (name !== undefined) {
    known.delete(key);
    known.set(key, name);
    return name === '' ? undefined : name;
  }
  const bot = wanted.get(identity);
  if (!bot || bot.asked.has(userId) || bot.ids.size >= MAX_WANTED) return undefined;
  if (/^[UW][A-Z0-9]{1,40}$/.test(userId)) bot.ids.add(userId);
  return undefined;
}

/** Messages name people by their ids only; this asks who they are [S6]. Without the scope they stay ids. */
export class Names {
  readonly #identity: string;
  readonly #api: Api;
  readonly #clock: Clock;
  #notBefore = 0;

  constructor(identity: string, api: Api, clock: Clock) {
    this.#identity = identity;
    this.#api = api;
    this.#clock = clock;
  }

  open(): void {
    const bot = wanted.get(this.#identity) ?? { ids: new Set(), asked: new Set(), askers: 0 };
    bot.askers += 1;
    wanted.set(this.#identity, bot);
  }

  close(): void {
    const bot = wanted.get(this.#identity);
    if (bot && --bot.askers === 0) wanted.delete(this.#identity);
  }

  /** Somebody was spoken of whose name is not known. */
  get wanting(): boolean {
    return this.#clock.elapsed() >= this.#notBefore && (wanted.get(this.#identity)?.ids.size ?? 0) > 0;
  }

  /** Looks up those who speak, and who is spoken to. */
  async meet(messages: readonly WireMessage[], signal: AbortSignal): Promise<void> {
    for (const { user, text } of messages) {
      if (typeof user === 'string') knownName(this.#identity, user);
      if (typeof text !== 'string') continue;
      for (const [, id] of text.matchAll(/<@([UW][A-Z0-9]+)>/g)) if (id) knownName(this.#identity, id);
    }
    await this.lookUp(signal);
  }

  /** Looks up some of those who were asked for in vain. */
  async lookUp(signal: AbortSignal): Promise<void> {
    const bot = wanted.get(this.#identity);
    for (const id of [...(bot?.ids ?? [])].slice(0, MAX_AT_ONCE)) {
      if (signal.aborted || this.#clock.elapsed() < this.#notBefore) break;
      // Somebody else may look names up for the same bot.
      if (!bot?.ids.delete(id)) continue;
      bot.asked.add(id);
      const reply = await this.#api('users.info', { user: id }, { timeoutMs: CALL_TIMEOUT_MS, signal });
      bot.asked.delete(id);
      if (reply.kind === 'ok') this.#note(id, nameIn(reply.body['user']));
      else if (reply.kind === 'refused' && reply.error !== 'missing_scope') this.#note(id, '');
      // Another scope comes with another installation, and that with a new start.
      else if (reply.kind === 'refused') this.#notBefore = Number.POSITIVE_INFINITY;
      else this.#notBefore = this.#clock.elapsed() + (reply.kind === 'limited' ? reply.afterMs : TROUBLE_MS);
    }
  }

  #note(id: string, name: string): void {
    known.set(`${this.#identity}/${id}`, name);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  }
}

/** What people see beside a message: the name that somebody chose, or else the full one. */
function nameIn(user: unknown): string {
  if (!isObject(user)) return '';
  const profile = isObject(user['profile']) ? user['profile'] : {};
  const names = [profile['display_name'], user['real_name'], profile['real_name'], user['name']];
  return names.find((name): name is string => typeof name === 'string' && name.trim() !== '') ?? '';
}
