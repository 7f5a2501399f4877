import type { Clock } from '../core/clock.ts';
import type { Part } from '../core/delivery.ts';
import type { TurnDue, Where } from '../core/flow-store.ts';
import type { Route } from '../core/integration.ts';
import { conversationKey, type Fate, type Place } from '../core/message.ts';
import type { UserLimits } from '../core/options.ts';
import { commandOf, MAX_AGE_MS } from '../core/policy.ts';
import type { HistoryEntry } from '../core/responder.ts';
import type { Store } from '../core/store.ts';
import type { Allowance, Refusal } from './allowance.ts';
import type { Answer, Ask } from './ask.ts';
import { FORGOTTEN, failureNotice } from './notices.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Replies } from './replies.ts';
import type { Session } from './session.ts';
import type { Slots } from './slots.ts';

/** Messages among which an answer is looked for before somebody is greeted. */
const GREETING_LOOKS_BACK = 50;

export interface TurnDeps extends FlowDeps {
  readonly store: Store;
  readonly ask: Ask;
  readonly replies: Replies;
  readonly allowance: Allowance;
  readonly slots: Slots;
  readonly userLimits: UserLimits;
}

export interface Turns {
  /**
   * Answers one message: asks the responder, stores the answer, delivers it. Runs inside the conversation's lane.
   * Resolves whether the answer arrived; every other outcome is in the store. `wanted` aborts when nobody wants it more.
   */
  run(session: Session, due: TurnDue, wanted: AbortSignal): Promise<boolean>;
}

type Own = readonly Part[] | Refusal | 'left';
type Turned = Answer | { readonly kind: 'late' } | { readonly kind: 'refused'; readonly refusal: Refusal };

export function createTurns(deps: TurnDeps): Turns {
  const { store, clock, ask, replies, allowance, slots, userLimits } = deps;

  /** Nobody wants the answer any more. */
  async function unwanted(session: Session, due: TurnDue): Promise<false> {
    // Left to the next owner; or deleted, and the message with it.
    if (session.signal.aborted || !session.route(due.integrationId)) return false;
    const { integrationId, message } = due;
    return replies.end(session, due, {
      kind: 'ignored',
      reason: session.unwantedAs({ integrationId, at: message.at }),
    });
  }

  /** The person is told, unless the owner wants silence or that person has just been told. */
  async function fail(session: Session, due: TurnDue, fate: Fate & { kind: 'failed' }, wanted: AbortSignal) {
    if (wanted.aborted) return unwanted(session, due);
    const told = session.route(due.integrationId)?.integration.options.errorReply === 'notice';
    if (!told || !allowance.failed(due, fate.reason)) return replies.end(session, due, fate);
    return replies.notify(session, due, failureNotice(fate), fate, wanted);
  }

  /** The first one in a window is told, unless the owner wants silence. */
  async function refuse(session: Session, due: TurnDue, { fate, notice }: Refusal, wanted: AbortSignal) {
    const told = session.route(due.integrationId)?.integration.options.errorReply === 'notice';
    if (notice === undefined || !told) return replies.end(session, due, fate);
    return replies.notify(session, due, notice, fate, wanted);
  }

  async function answer(session: Session, due: TurnDue, parts: readonly Part[], wanted: AbortSignal): Promise<boolean> {
    if (parts.length === 0) return fail(session, due, { kind: 'failed', reason: 'empty_answer' }, wanted);
    allowance.answered(
      due,
      parts.map(({ text }) => text),
    );
    return replies.answer(session, due, parts, wanted);
  }

  /** What the product says by itself: it costs no tokens, and so takes no turn from anybody. `undefined`: no command. */
  async function byItself(session: Session, due: TurnDue, { replr, integration }: Route): Promise<Own | undefined> {
    const command = commandOf(due.message, integration);
    if (command === 'reset') {
      const where = saidIn(session, due);
      const forget = () => store.forget(due.integrationId, where, due.seq).then(() => true);
      // Nobody is told that it is done before it is.
      if (!(await persist(session, 'forget', forget, deps))) return 'left';
      return allowance.command(due) ?? replies.render(session, due, FORGOTTEN);
    }
    if (command !== 'start' || replr.greetingMessage === null) return undefined;
    return allowance.command(due) ?? replies.render(session, due, replr.greetingMessage);
  }

  async function answered({ integrationId, seq }: TurnDue, at: Place): Promise<boolean> {
    const told = (limit: number) => store.history(integrationId, conversationKey(integrationId, at), seq, limit);
    const newest = await told(1);
    // Where only failures stand before it, this is the first answer all the same.
    return newest.length > 0 && (answeredAmong(newest) || answeredAmong(await told(GREETING_LOOKS_BACK)));
  }

  /** What stands before the very first answer of a conversation of two. */
  async function greeting(session: Session, due: TurnDue, { replr, integration }: Route): Promise<readonly Part[]> {
    // Without a memory every message would be the first.
    if (!due.message.direct || replr.greetingMessage === null || !integration.options.storeContent) return [];
    const at = session.present(due.message.at);
    try {
      // Who opens a thread in a conversation that is under way is no stranger.
      const known = (await answered(due, at)) || (at.thread !== undefined && (await answered(due, withoutThread(at))));
      return known ? [] : await replies.render(session, due, replr.greetingMessage);
    } catch (error) {
      // The answer is there, and better without a greeting than not at all.
      session.log.warn('greeting_left_out', { seq: due.seq, error });
      return [];
    }
  }

  /**
   * At most so many turns of an integration and of its user are under way at once; the time spent waiting is not the model's.
   * People wait for one another in an integration, integrations for one another at their user's: nobody waits for all that
   * somebody else has asked. No integration takes more in than its user has slots, so that its people wait where it is by person.
   */
  async function inSlot(session: Session, due: TurnDue, route: Route, wanted: AbortSignal): Promise<Turned> {
    const { id, userId, options } = route.integration;
    const most = Math.min(options.limits.concurrentTurns, userLimits.concurrentTurns);
    if (!(await slots.take(id, due.message.author.id, most, wanted))) return { kind: 'cut' };
    try {
      if (!(await slots.take(userId, id, userLimits.concurrentTurns, wanted))) return { kind: 'cut' };
      try {
        if (tooOld(due, clock)) return { kind: 'late' };
        const refusal = await allowance.today(due, route.integration);
        return refusal ? { kind: 'refused', refusal } : await ask(session, due, route, wanted);
      } finally {
        slots.give(userId);
      }
    } finally {
      slots.give(id);
    }
  }

  async function run(session: Session, due: TurnDue, wanted: AbortSignal): Promise<boolean> {
    const looped = wanted.aborted ? undefined : allowance.looped(due);
    if (looped) return replies.end(session, due, looped.fate);
    // Asking a model for an answer that cannot be delivered costs its owner money: wait first.
    const ready = await session.ready(due.message.sentAt + MAX_AGE_MS, wanted);
    const route = session.route(due.integrationId);
    if (ready === 'unwanted' || !route) return unwanted(session, due);
    if (ready === 'late') return replies.end(session, due, { kind: 'expired', reason: 'age' });
    const own = await byItself(session, due, route);
    if (own === 'left') return unwanted(session, due);
    if (own && 'fate' in own) return refuse(session, due, own, wanted);
    if (own && own.length > 0) return answer(session, due, own, wanted);
    const refusal = await allowance.take(due, route.integration);
    if (refusal) return refuse(session, due, refusal, wanted);
    const result = await inSlot(session, due, route, wanted);
    switch (result.kind) {
      case 'late':
        return replies.end(session, due, { kind: 'expired', reason: 'age' });
      case 'refused':
        return refuse(session, due, result.refusal, wanted);
      case 'cut':
        return unwanted(session, due);
      case 'failed':
        return fail(session, due, result.fate, wanted);
    }
    const parts = await replies.render(session, due, result.text);
    if (parts.length > 0) allowance.succeeded(due);
    const before = parts.length > 0 ? await greeting(session, due, route) : [];
    return answer(session, due, [...before, ...parts], wanted);
  }

  return {
    async run(session, due, wanted) {
      try {
        return await run(session, due, wanted);
      } catch (error) {
        // Ours or a connector's mistake. Without an outcome the message would be tried again after every restart.
        session.log.error('turn_threw', { integration: due.integrationId, seq: due.seq, error });
        return fail(session, due, { kind: 'failed', reason: 'internal_error' }, wanted);
      }
    },
  };
}

/** In a thread, that thread; outside of threads the channel, with those that were opened there. */
function saidIn(session: Session, { integrationId, message }: TurnDue): Where {
  const at = session.present(message.at);
  const outside = at.thread === undefined || session.connector.opensThread?.(message);
  return outside ? { channel: at.channel } : { conversation: conversationKey(integrationId, at) };
}

const withoutThread = ({ thread: _, ...at }: Place): Place => at;
const answeredAmong = (entries: readonly HistoryEntry[]) => entries.some(({ from }) => from === 'replr');
const tooOld = ({ message }: TurnDue, clock: Clock) => clock.now() - message.sentAt > MAX_AGE_MS;
