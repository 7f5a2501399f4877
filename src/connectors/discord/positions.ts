import type { ReceiverPort } from '../../core/connector.ts';
import type { Cursor, Place } from '../../core/message.ts';
import { isSnowflake } from './wire.ts';

/**
 * Names of the cursors that say how far a place is known: the id of the newest message up to which all are stored, or
 * were nothing for us. `floor` is where listening began in a channel: a thread in it without a position starts there.
 */
export const POSITION = {
  channel: (id: string) => `ch:${id}`,
  thread: (channel: string, id: string) => `th:${channel}:${id}`,
  direct: (id: string) => `dm:${id}`,
  floor: (channel: string) => `from:${channel}`,
} as const;

/** Set while there may be a gap between the positions and the session: a restart in between has to go on reading. */
export const GAP = 'gap';

/** Most threads, and most direct messages, whose position is kept. */
const MOST: readonly (readonly [prefix: string, most: number])[] = [
  ['th:', 200],
  ['dm:', 50],
];

export function positionOf({ scope, channel, thread }: Place): string {
  if (scope === undefined) return POSITION.direct(channel);
  return thread === undefined ? POSITION.channel(channel) : POSITION.thread(channel, thread);
}

export function threadOf(name: string): { readonly channel: string; readonly thread: string } | undefined {
  const [kind, channel, thread] = name.split(':');
  return kind === 'th' && isSnowflake(channel) && isSnowflake(thread) ? { channel, thread } : undefined;
}

export function directOf(name: string): string | undefined {
  return name.startsWith('dm:') ? name.slice(3) : undefined;
}

export function isNewer(one: string, other: string | undefined): boolean {
  return other === undefined || !isSnowflake(other) || BigInt(one) > BigInt(other);
}

/** Undefined when none of them is an id. */
export function newest(...ids: readonly (string | null | undefined)[]): string | undefined {
  return ids.filter(isSnowflake).reduce<string | undefined>((a, b) => (isNewer(b, a) ? b : a), undefined);
}

/**
 * Positions that have moved and are not stored yet. They ride along with the next transaction: losing one only means
 * that something is read twice.
 */
export class Positions {
  readonly #port: Pick<ReceiverPort, 'cursors'>;
  #unstored: Map<string, string | null> | undefined;
  /** Of the events that are being taken: they count when these are done with. */
  #taking: Map<string, string | null> | undefined;

  constructor(port: Pick<ReceiverPort, 'cursors'>) {
    this.#port = port;
  }

  /** A message has come in a place that is known up to here. */
  reached(at: Place, id: string): void {
    const name = positionOf(at);
    const known = this.#taking?.get(name) ?? this.#unstored?.get(name) ?? this.#port.cursors.get(name);
    if (isNewer(id, known)) this.#take(name, id);
  }

  /** A place that nobody talks in any more. */
  left(name: string): void {
    if (this.#port.cursors.has(name) || this.#unstored?.has(name) || this.#taking?.has(name)) this.#take(name, null);
  }

  /** For what holds whatever becomes of the events that are being taken. */
  set(name: string, value: string | null): void {
    this.#unstored ??= new Map();
    if (value === null && !this.#port.cursors.has(name)) this.#unstored.delete(name);
    else this.#unstored.set(name, value);
    this.#tidy();
  }

  get pending(): boolean {
    return this.#unstored !== undefined;
  }

  cursors(): Cursor[] {
    const all = new Map([...(this.#unstored ?? []), ...(this.#taking ?? [])]);
    for (const [prefix, most] of MOST) this.#prune(all, prefix, most);
    return [...all].map(([name, value]) => ({ name, value }));
  }

  /** `cursors` have been stored. */
  stored(cursors: readonly Cursor[]): void {
    for (const { name, value } of cursors) if (this.#unstored?.get(name) === value) this.#unstored.delete(name);
    this.#tidy();
    this.#taking = undefined;
  }

  /** The events are done with, and were not worth a transaction. */
  keep(): void {
    for (const [name, value] of this.#taking ?? []) this.set(name, value);
    this.#taking = undefined;
  }

  /** The events will come again. */
  discard(): void {
    this.#taking = undefined;
  }

  /** Thousands of bots are idle, and an empty map is not free. */
  #tidy(): void {
    if (this.#unstored?.size === 0) this.#unstored = undefined;
  }

  #take(name: string, value: string | null): void {
    this.#taking ??= new Map();
    this.#taking.set(name, value);
  }

  #prune(moved: Map<string, string | null>, prefix: string, most: number): void {
    const grows = [...moved].some(([name, value]) => {
      return value !== null && name.startsWith(prefix) && !this.#port.cursors.has(name);
    });
    if (!grows) return;
    const held = [...new Map([...this.#port.cursors, ...moved])].filter(
      (one): one is [string, string] => one[0].startsWith(prefix) && one[1] !== null,
    );
    held.sort(([, a], [, b]) => (isNewer(a, b) ? -1 : 1));
    for (const [name] of held.slice(most)) moved.set(name, null);
  }
}
