import type { DeliveryId, IntegrationId } from '../../src/core/ids.ts';
import type { Fate } from '../../src/core/message.ts';
import { floorOf } from '../platform/connector.ts';
import type { Platform, Post, Shown } from '../platform/platform.ts';
import { keyOf, type MessageRow, type Tables } from '../store/tables.ts';
import { type Asked, covers, type Known } from './known.ts';
import type { Timeline } from './timeline.ts';
import type { Weather } from './weather.ts';

/** How long a node may act on what was so before: its look at the store, with the longest rest after failures, ms. */
const STALE_MS = 90_000;
/** `PUT` and `DELETE` are effective within this, ms. */
const EFFECTIVE_MS = 2_000;
/** A fault this long before a request may still delay what it sets off, ms. */
const AFTERMATH_MS = 15_000;

export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** Which answer belongs to which message, also after an integration was deleted with all its rows. */
export interface Answer {
  readonly integrationId: IntegrationId;
  readonly seq: number;
  readonly index: number;
  readonly text: string;
  /** It says that there is no answer. */
  readonly notice?: Fate;
}

export interface VerdictDeps {
  readonly tables: Tables;
  readonly platforms: readonly Platform[];
  readonly known: readonly Known[];
  readonly answers: ReadonlyMap<DeliveryId, Answer>;
  /** Questions whose model made a mistake. */
  readonly threw: ReadonlySet<string>;
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly violated: (rule: string, what: string) => void;
}

const NOTICE = /^Sorry, I can't /;
/** The runtime gives a part up after so many attempts. */
const MOST_COPIES = 5;

/** Judges by what the platforms saw and what the store holds, never by what the runtime says of itself. */
export class Verdicts {
  readonly #deps: VerdictDeps;

  constructor(deps: VerdictDeps) {
    this.#deps = deps;
  }

  /** C1: the platform may forget this message now, so it must be stored if anybody listens where it stands. */
  acknowledged(platform: Platform, post: Post): void {
    const { tables, known, timeline, violated } = this.#deps;
    const bot = [...tables.bots.values()].find(
      (row) => row.platform === platform.manner && row.identity === post.identity,
    );
    if (!bot || tables.known.has(keyOf(bot.id, `m${post.n}`))) return;
    const at = post.at.channel;
    const here = known.filter((one) => one.account.identity === post.identity && one.platform === platform);
    const since = post.posted - STALE_MS;
    const changing = here.some((one) => one.changes.some((change) => overlaps(change, since, timeline.now)));
    const listening = here.some((one) => !one.deleted && covers(one, at) && tables.integrations.has(one.id));
    const floor = floorOf(bot.cursors, at);
    if (listening && !changing && post.n > floor)
      violated('C1 nothing is lost', `${post.text} was acknowledged unstored`);
  }

  /** Nothing is sent later than two seconds after a pause or a delete was answered. */
  shown({ key, text, at }: Shown): void {
    const { answers, known, weather, violated } = this.#deps;
    const one = known.find(({ id }) => id === answers.get(key)?.integrationId);
    const pause = one?.pauses.at(-1);
    const ends: (Asked | undefined)[] = [one?.deleted, pause?.resumed === undefined ? pause : undefined];
    for (const end of ends) {
      if (!end?.inForce || end.answered === undefined || at <= end.answered + EFFECTIVE_MS) continue;
      if (weather.calmSince(end.asked - AFTERMATH_MS))
        violated('silence when paused', `${text} was sent after the answer`);
    }
  }

  /** All is healed and quiet. */
  final(): void {
    const { tables, platforms } = this.#deps;
    const shown = Map.groupBy(
      platforms.flatMap(({ ledger }) => ledger),
      ({ key }) => key,
    );
    for (const row of tables.messages.values()) this.#message(row, shown);
    for (const platform of platforms) this.#platform(platform, shown);
    this.#counts();
    this.#order(shown);
    this.#said();
    this.#health();
  }

  /** C2, and that the fate tells what people saw. */
  #message(row: MessageRow, shown: ReadonlyMap<DeliveryId, readonly Shown[]>): void {
    const { violated, answers, threw } = this.#deps;
    const { fate, parts, message } = row;
    const notice = answers.get(parts[0]?.id ?? 'dlv_')?.notice;
    if (fate === null) {
      violated('C2 one outcome', `seq ${row.seq} (${message.id}) is open`);
      return;
    }
    // A store or a platform that is away is nobody's mistake: what it is asked for waits.
    if (fate.kind === 'failed' && fate.reason === 'internal_error' && !threw.has(message.text))
      violated('no mistakes', `seq ${row.seq} (${message.id}) is internal_error, and no model made it`);
    const left = parts.filter(({ state }) => state === 'pending' || state === 'sending');
    if (left.length > 0) violated('C2 one outcome', `seq ${row.seq} is ${fate.kind} with parts under way`);
    const seen = parts.filter(({ id }) => shown.has(id));
    if (notice) {
      // Whether it arrived or not: the message has the outcome that it tells of.
      if (JSON.stringify(fate) !== JSON.stringify(notice))
        violated('C2 one outcome', `seq ${row.seq} is ${JSON.stringify(fate)} and told ${JSON.stringify(notice)}`);
    } else if (fate.kind === 'answered') {
      if (parts.length === 0 || seen.length < parts.length)
        violated('C2 one outcome', `seq ${row.seq} is answered unseen`);
      if (parts.some(({ state }) => state !== 'delivered'))
        violated('C2 one outcome', `seq ${row.seq}: parts undelivered`);
    } else if ((fate.kind === 'ignored' || parts.length === 0) && seen.length > 0) {
      violated('C2 one outcome', `seq ${row.seq} is ${fate.kind} and was answered`);
    }
    for (const part of parts) {
      for (const one of shown.get(part.id) ?? []) {
        const right = one.to.channel === message.at.channel && one.to.thread === message.at.thread;
        if (!right || !(notice ? NOTICE.test(one.text) : one.text.startsWith(`re:${message.text}#`)))
          violated('right place', `${one.text} in ${one.to.channel}`);
      }
    }
  }

  /** C3: each part once; where the platform cannot be asked, once more for each send of unknown outcome, and marked. */
  #platform(platform: Platform, shown: ReadonlyMap<DeliveryId, readonly Shown[]>): void {
    const { answers, tables, violated } = this.#deps;
    for (const [key, copies] of shown) {
      if (!platform.ledger.includes(copies[0] as Shown)) continue;
      if (!answers.has(key)) violated('compose before send', `${copies[0]?.text} was never stored`);
      const { maybeDuplicate: marked = true, attempts = MOST_COPIES } = tables.parts.get(key)?.part ?? {};
      const unsure = platform.manner === 'plain' || platform.unanswered.has(key);
      const most = Math.min(Math.max(attempts + 1, 2), MOST_COPIES);
      if (copies.length > (marked && unsure ? most : 1)) {
        violated('C3 no double', `${copies[0]?.text} ${copies.length} times on ${platform.manner}`);
      }
    }
    // However often its message came, and whoever answered: one answer. Notices are all alike: one for each message.
    const said = Map.groupBy(platform.ledger, ({ key, text }) => {
      const answer = answers.get(key);
      return answer?.notice ? `notice for seq ${answer.seq}` : text;
    });
    for (const [what, copies] of said) {
      if (new Set(copies.map(({ key }) => key)).size > 1) violated('C3 no double', `two answers ${what}`);
    }
  }

  #counts(): void {
    const { tables, violated } = this.#deps;
    const counted = new Map<IntegrationId, number>();
    for (const { integrationId, counted: heard, fate } of tables.messages.values()) {
      const more = Number(heard) + Number(fate?.kind === 'answered');
      counted.set(integrationId, (counted.get(integrationId) ?? 0) + more);
    }
    for (const { id, messageCount } of tables.integrations.values()) {
      const right = counted.get(id) ?? 0;
      if (right !== messageCount) violated('message count', `${id}: ${messageCount} instead of ${right}`);
    }
  }

  /**
   * C4: within a conversation answers come one after another, their parts in order. Where one link brings the messages,
   * the answers also come in the order of the questions; hooks that are repeated, or come side by side, have no such order.
   */
  #order(shown: ReadonlyMap<DeliveryId, readonly Shown[]>): void {
    const { tables, known, violated } = this.#deps;
    const conversations = Map.groupBy(tables.messages.values(), ({ conversation }) => conversation);
    for (const [conversation, rows] of conversations) {
      const one = known.find(({ id }) => id === rows[0]?.integrationId);
      const ordered = one?.account.receives === 'pull';
      const seen = rows.flatMap((row) =>
        row.parts.flatMap((part) => {
          const [first] = shown.get(part.id) ?? [];
          return first ? [{ seq: row.seq, index: part.index, at: first.at, first }] : [];
        }),
      );
      const inTime = seen.sort(
        (a, b) => a.at - b.at || Number(a.first.messageId.slice(1)) - Number(b.first.messageId.slice(1)),
      );
      const begun: number[] = [];
      let [seq, index] = [0, -1];
      for (const part of inTime) {
        const goesOn = part.seq === seq && part.index === index + 1;
        const starts = part.index === 0 && !begun.includes(part.seq) && (!ordered || part.seq > seq);
        if (!goesOn && !starts)
          violated('C4 order', `${conversation}: ${part.first.text} after seq ${seq} part ${index}`);
        if (part.seq !== seq) begun.push(part.seq);
        [seq, index] = [part.seq, part.index];
      }
    }
  }

  /** What was said while an integration was paused is not answered, now or later. */
  #said(): void {
    const { tables, known, weather, violated } = this.#deps;
    for (const row of tables.messages.values()) {
      if (row.parts.length === 0) continue;
      const one = known.find(({ id }) => id === row.integrationId);
      const post = one?.account.log[Number(row.message.id.slice(1)) - 1];
      if (!one || !post) continue;
      for (const pause of one.pauses) {
        if (!pause.inForce || pause.answered === undefined) continue;
        const during = post.posted > pause.answered + EFFECTIVE_MS && post.posted < (pause.resumed ?? Infinity);
        if (during && weather.calmBetween(pause.asked - AFTERMATH_MS, pause.resumed ?? Infinity)) {
          violated('silence when paused', `${post.text} was said while paused, and answered`);
        }
      }
    }
  }

  /** C6: what the owner is shown is so. */
  #health(): void {
    const { tables, violated } = this.#deps;
    for (const bot of tables.bots.values()) {
      const wanted = tables.routesOf(bot.id).some(({ enabled }) => enabled);
      const right = wanted ? 'connected' : 'paused';
      if (bot.health.state !== right)
        violated('C6 honest status', `${bot.identity} is ${bot.health.state}, not ${right}`);
    }
  }
}

const overlaps = ({ asked, answered }: Asked, from: number, to: number) =>
  asked <= to && (answered ?? Infinity) >= from;
