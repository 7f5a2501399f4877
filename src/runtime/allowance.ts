import type { Clock } from '../core/clock.ts';
import type { TurnDue } from '../core/flow-store.ts';
import type { Integration } from '../core/integration.ts';
import { type Fate, type RoomKey, roomOf } from '../core/message.ts';
import type { UserLimits } from '../core/options.ts';
import { Bounded } from './bounded.ts';
import { Caps, type Closed } from './caps.ts';
import { Loops } from './loops.ts';
import type { Meter } from './meter.ts';
import { BUSY_CHAT, TOO_FAST, TOO_MUCH_TODAY } from './notices.ts';

/** Of turns, so many minutes' worth can be saved up: people talk in bursts. */
const SAVED_MINUTES = 10;
/** What the product says by itself is asked for now and then; of one person in a room, so often a minute. */
const COMMANDS_PER_MINUTE = 5;
/** A model that is away is told of once in so long to each person in a room, ms. */
const FAILURE_WINDOW_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_TOLD = 20_000;

export type Ignored = Fate & { readonly kind: 'ignored' };

/** No turn for this message. `notice`: it is the first in its window, so the person is told. */
export interface Refusal {
  readonly fate: Ignored;
  readonly notice?: string;
}

export interface AllowanceDeps {
  readonly clock: Clock;
  readonly meter: Pick<Meter, 'spent'>;
  readonly userLimits: UserLimits;
}

const ignored = (reason: string): Ignored => ({ kind: 'ignored', reason });
const roomFor = ({ conversation }: TurnDue): RoomKey => roomOf(conversation);
const personIn = (due: TurnDue) => `${roomFor(due)} ${due.message.author.id}`;

/**
 * Who may have a turn now: neither a flood nor a loop nor a bill. In memory, and so of this node, but for the day's tokens:
 * a bot has one owner, and a restart gives everybody a fresh start.
 */
export class Allowance {
  readonly #clock: Clock;
  readonly #meter: AllowanceDeps['meter'];
  readonly #userLimits: UserLimits;
  readonly #caps = new Caps(SAVED_MINUTES);
  readonly #commands = new Caps(1);
  readonly #loops = new Loops();
  /** Until when nothing more is said about it. */
  readonly #told = new Bounded<number>(MAX_TOLD);

  constructor({ clock, meter, userLimits }: AllowanceDeps) {
    this.#clock = clock;
    this.#meter = meter;
    this.#userLimits = userLimits;
  }

  /** What was said in a room is known again when a relay brings it back. */
  answered(due: TurnDue, parts: readonly string[]): void {
    this.#loops.answered(roomFor(due), parts);
  }

  /** A relay's message, which no turn, notice or command is for. */
  looped(due: TurnDue): Refusal | undefined {
    const { author, text } = due.message;
    const looped = this.#loops.closes(roomFor(due), author.id, text, this.#clock.elapsed());
    return looped ? { fate: ignored('loop') } : undefined;
  }

  /** Takes one turn, or says why there is none. */
  async take(due: TurnDue, integration: Integration): Promise<Refusal | undefined> {
    return (await this.today(due, integration)) ?? this.#now(due, integration);
  }

  /** A command takes no turn, but its answer is sent as well. */
  command(due: TurnDue): Refusal | undefined {
    const cap = { key: personIn(due), perMinute: COMMANDS_PER_MINUTE };
    return this.#commands.take([cap], this.#clock.elapsed()) ? { fate: ignored('command_limit') } : undefined;
  }

  /** Whether a failure of this message's turn is worth a notice: what is so for a while is told once, a refusal is an answer. */
  failed(due: TurnDue, reason: string): boolean {
    if (reason === 'model_refused') return true;
    return this.#tell(`failed ${personIn(due)}`, this.#clock.elapsed() + FAILURE_WINDOW_MS);
  }

  /** What fails after this is another failure. */
  succeeded(due: TurnDue): void {
    this.#told.delete(`failed ${personIn(due)}`);
  }

  /** Whether there are tokens left; also to be asked when a turn has waited, as others may have used them up meanwhile. */
  async today(due: TurnDue, integration: Integration): Promise<Refusal | undefined> {
    const { limits } = integration.options;
    const person = due.message.author.id;
    const spent = await this.#meter.spent(integration, person);
    const over = (reason: string, whose: string): Refusal => {
      const now = this.#clock.now();
      const untilMidnight = DAY_MS - (now % DAY_MS);
      const first = this.#tell(`today ${reason} ${whose}`, this.#clock.elapsed() + untilMidnight);
      return { fate: ignored(reason), ...(first && { notice: TOO_MUCH_TODAY }) };
    };
    if (spent.person >= limits.personTokensPerDay) return over('person_limit', `${integration.id} ${person}`);
    if (spent.integration >= limits.tokensPerDay) return over('integration_limit', roomFor(due));
    if (spent.user >= this.#userLimits.tokensPerDay) return over('user_limit', roomFor(due));
    return undefined;
  }

  #now(due: TurnDue, { id, userId, options }: Integration): Refusal | undefined {
    const room = roomFor(due);
    const person = { key: `${id} ${due.message.author.id}`, perMinute: options.limits.personTurnsPerMinute };
    const chat = { key: room, perMinute: options.limits.chatTurnsPerMinute };
    const integration = { key: id, perMinute: options.limits.turnsPerMinute };
    const user = { key: userId, perMinute: this.#userLimits.turnsPerMinute };
    const closed = this.#caps.take([person, chat, integration, user], this.#clock.elapsed());
    if (!closed) return undefined;
    switch (closed.cap) {
      case person:
        return this.#refusal('person_limit', closed, TOO_FAST, person.key);
      case chat:
        return this.#refusal('chat_limit', closed, BUSY_CHAT, room);
      case integration:
        return this.#refusal('integration_limit', closed, BUSY_CHAT, room);
      default:
        return this.#refusal('user_limit', closed, BUSY_CHAT, room);
    }
  }

  /** A window of one person is told of once; one that many share, once in each room. */
  #refusal(reason: string, { until }: Closed, text: string, whose: string): Refusal {
    const first = this.#tell(`now ${reason} ${whose}`, until);
    return { fate: ignored(reason), ...(first && { notice: text }) };
  }

  #tell(key: string, until: number): boolean {
    const now = this.#clock.elapsed();
    const before = this.#told.get(key);
    if (before !== undefined && now < before) return false;
    this.#told.set(key, until);
    this.#told.prune((end) => end <= now);
    return true;
  }
}
