import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { Receiver, ReceiverPort } from '../../core/connector.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import type { InboundMessage } from '../../core/message.ts';
import { isOurs } from './address.ts';
import { type Parsed, parse, type Self, selfOf } from './parse.ts';
import {
  BAD_CREDENTIALS,
  CONFLICT,
  CONNECTED,
  LIMITED,
  STORE_UNAVAILABLE,
  type State,
  UNREACHABLE,
  WEBHOOK_ACTIVE,
} from './states.ts';
import { OFFSET } from './verify.ts';
import {
  ALLOWED_UPDATES,
  type Api,
  conflictOf,
  createApi,
  isObject,
  isUpdate,
  type Reply,
  type WireUpdate,
} from './wire.ts';

/** How long the platform may hold a poll, seconds. It clamps to 50 [T7]; below that no middlebox loses patience. */
const HOLD_S = 40;
/** Short enough to notice soon that a second poller has gone, long enough for it to show that it has not. */
const CONTESTED_HOLD_S = 10;
/** On top of the hold, so that a half-open connection ends in under a minute (F064). */
const GRACE_S = 10;
const MAX_BATCH = 100;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const RETRY: Backoff = { baseMs: 1_000, capMs: 30_000 };
/** A store that is back must not wait long for what the platform keeps for it. */
const STORE_RETRY: Backoff = { baseMs: 1_000, capMs: 5_000 };
/** A deploy overlap clears in seconds: conflicts pass without a word so often or so long, then the owner must know (F061). */
const QUIET_CONFLICTS = 4;
const QUIET_CONFLICT_MS = 12_000;
const QUIET: Backoff = { baseMs: 2_000, capMs: 4_000 };
const CONTESTED: Backoff = { baseMs: 30_000, capMs: 30_000 };
const WEBHOOK: Backoff = { baseMs: 60_000, capMs: 60_000 };
/** An answer that brings nothing new in less time than this is a server that does not hold polls: do not spin. */
const MIN_ROUND_MS = 1_000;

/**
 * Receives by long polling. The offset moves, here and on the platform, only after `accept` has resolved: the next poll
 * is the acknowledgement, so what was not stored comes again.
 */
export function polling(bot: Bot, credential: Credential, port: ReceiverPort): Receiver {
  return { run: (signal) => new PollingLoop(bot, credential, port).run(signal) };
}

class PollingLoop {
  private readonly bot: Bot;
  private readonly port: ReceiverPort;
  private readonly api: Api;
  private readonly self: Self;
  private offset: number | undefined;
  private reported = '';
  /** Rounds without success, for the backoff. */
  private failures = 0;
  private conflicts = 0;
  /** When the first poll since the last conflict began. */
  private uncontestedSince: number | undefined;
  private firstConflictAt = 0;
  private batch = MAX_BATCH;
  /** Seconds. The first poll, and each one after trouble, does not wait: it tells at once that all is well (again). */
  private hold = 0;

  constructor(bot: Bot, credential: Credential, port: ReceiverPort) {
    this.bot = bot;
    this.port = port;
    this.api = createApi(credential['bot_token'] ?? '', port);
    this.self = selfOf(bot);
    const stored = port.cursors.get(OFFSET);
    if (stored !== undefined && /^-?\d{1,15}$/.test(stored)) this.offset = Number(stored);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.report({ state: 'connecting' });
    while (!signal.aborted) {
      const began = this.port.clock.elapsed();
      if (this.conflicts > 0) this.uncontestedSince ??= began;
      const reply = await this.poll(signal);
      if (signal.aborted) return;
      if (reply.kind === 'unauthorized') return this.report(BAD_CREDENTIALS);
      const pauseMs = (await this.take(reply, began, signal)) ?? (await this.trouble(reply, signal));
      if (pauseMs > 0) await this.port.clock.sleep(pauseMs, signal);
    }
  }

  private poll(signal: AbortSignal): Promise<Reply> {
    const parameters = {
      ...(this.offset !== undefined && { offset: this.offset }),
      limit: this.batch,
      timeout: this.hold,
      allowed_updates: ALLOWED_UPDATES,
    };
    return this.api('getUpdates', parameters, {
      timeoutMs: (this.hold + GRACE_S) * 1000,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
  }

  /** A round that went well. Returns how long to pause, ms; undefined when the answer is not a batch of updates. */
  private async take(reply: Reply, began: number, signal: AbortSignal): Promise<number | undefined> {
    if (reply.kind !== 'ok' || !Array.isArray(reply.result)) return undefined;
    const updates = reply.result.filter(isUpdate);
    if (updates.length === 0 && reply.result.length > 0) return undefined;
    const before = this.offset;
    try {
      await this.accept(updates);
    } catch {
      if (signal.aborted) return 0;
      this.hold = 0;
      this.report(STORE_UNAVAILABLE);
      return backoffMs(this.failures++, STORE_RETRY, this.port.random);
    }
    const tooSoon = this.hold > 0 ? MIN_ROUND_MS - (this.port.clock.elapsed() - began) : 0;
    const nothingNew =
      updates.length === 0 || (before !== undefined && this.offset !== undefined && this.offset <= before);
    this.failures = 0;
    this.batch = MAX_BATCH;
    this.calm();
    this.hold = this.conflicts > 0 ? CONTESTED_HOLD_S : HOLD_S;
    if (this.conflicts === 0) this.report(CONNECTED);
    return nothingNew ? tooSoon : 0;
  }

  /** All of the batch in one transaction. Only a group that changes its id divides it: what was before has the old id. */
  private async accept(updates: readonly WireUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    const accept = async (messages: readonly InboundMessage[], next: number) => {
      await this.port.accept(messages, [{ name: OFFSET, value: String(next) }]);
      this.offset = next;
    };
    let messages: InboundMessage[] = [];
    let known = '';
    for (const update of updates) {
      const parsed = this.read(update);
      const move = parsed.moved && `${parsed.moved.from} ${parsed.moved.to}`;
      // Both groups tell of it, usually in one batch.
      if (parsed.moved && move !== known) {
        if (messages.length > 0) await accept(messages, update.update_id);
        messages = [];
        await this.port.moved(parsed.moved.from, parsed.moved.to);
        known = move ?? '';
      }
      messages.push(...parsed.messages);
    }
    // Not the larger of this and the old offset: numbers start anew after a quiet week [T1].
    await accept(messages, Math.max(...updates.map((update) => update.update_id)) + 1);
  }

  /** An update we cannot read is confirmed like one we do not know: it must not keep all later ones waiting. */
  private read(update: WireUpdate): Parsed {
    try {
      return parse(update, this.self);
    } catch {
      this.port.log.warn('update_unreadable', { updateId: update.update_id, fields: Object.keys(update).slice(0, 5) });
      return { messages: [] };
    }
  }

  /** Reports what went wrong; returns how long to wait, ms. */
  private async trouble(reply: Reply, signal: AbortSignal): Promise<number> {
    const { random } = this.port;
    const conflict = conflictOf(reply);
    this.uncontestedSince = undefined;
    if (conflict === 'poller') return this.contested();
    this.hold = 0;
    if (conflict === 'webhook') return await this.hooked(signal);
    if (reply.kind === 'limited') {
      this.report(LIMITED);
      return reply.afterMs;
    }
    // One huge message must not make a bot deaf for good: fewer at a time.
    if (reply.kind === 'failed' && reply.reason === 'too_large') this.batch = Math.max(1, Math.floor(this.batch / 10));
    this.report(UNREACHABLE);
    return backoffMs(this.failures++, RETRY, random);
  }

  /**
   * A webhook that this bot had here before is ours to remove: nothing is lost, and nothing that was acknowledged there
   * comes again. Any other belongs to somebody and stays.
   */
  private async hooked(signal: AbortSignal): Promise<number> {
    const limits = { timeoutMs: GRACE_S * 1000, signal };
    const reply = await this.api('getWebhookInfo', {}, limits);
    const url = reply.kind === 'ok' && isObject(reply.result) ? reply.result['url'] : undefined;
    if (typeof url === 'string' && isOurs(url, this.bot, this.port)) {
      const removed = await this.api('deleteWebhook', { drop_pending_updates: false }, limits);
      // Not at once: should somebody set it again and again, this must not spin.
      if (removed.kind === 'ok') return MIN_ROUND_MS;
    }
    if (signal.aborted) return 0;
    this.report(WEBHOOK_ACTIVE);
    return backoffMs(0, WEBHOOK, this.port.random);
  }

  private contested(): number {
    const now = this.port.clock.elapsed();
    if (this.conflicts === 0) this.firstConflictAt = now;
    this.conflicts += 1;
    this.hold = CONTESTED_HOLD_S;
    if (this.conflicts <= QUIET_CONFLICTS && now - this.firstConflictAt < QUIET_CONFLICT_MS)
      return backoffMs(this.conflicts, QUIET, this.port.random);
    this.report(CONFLICT);
    return backoffMs(0, CONTESTED, this.port.random);
  }

  /** Two pollers take turns in killing each other's polls: one success proves nothing, some seconds without conflict do. */
  private calm(): void {
    const since = this.uncontestedSince;
    // Timers of both sides are not exact to the millisecond.
    if (since === undefined || this.port.clock.elapsed() - since < CONTESTED_HOLD_S * 1000 - 100) return;
    this.conflicts = 0;
    this.uncontestedSince = undefined;
  }

  private report(state: State): void {
    const key = `${state.state} ${state.code ?? ''}`;
    if (key === this.reported) return;
    this.reported = key;
    this.port.report({ ...state, transport: 'polling' });
  }
}
