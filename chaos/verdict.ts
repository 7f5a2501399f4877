import { ECHO_PREFIX } from '../src/responders/echo.ts';
import type { Asked } from './load.ts';
import { LATENCY_MS, type Platform, question, questionIn, type Shown } from './platform.ts';

/** An answer that was given longer ago has been read and stored, ms. */
const NOTED_WITHIN_MS = 300;
/** A machine that takes its time to end a process takes so many times as long to store something. */
const SLOWNESS = 3;

/** The moments between which a process was killed and gone, ms since 1970. One that may end its work is none. */
export interface Death {
  readonly at: number;
  readonly goneAt: number;
}

/** What the ledger of one platform says at the end. */
export interface Verdict {
  readonly platform: string;
  readonly posted: number;
  readonly answered: number;
  readonly lost: readonly number[];
  /** Questions that were answered more than once. */
  readonly doubled: readonly number[];
  /** Those of them of which no earlier copy was a send whose sender may have died before it noted the outcome. */
  readonly unexcused: readonly number[];
  /** Answered after a later question of the same conversation, though the platform had handed it over before that one. */
  readonly unordered: readonly number[];
  /** The same, where the platform itself changed the order. */
  readonly overtaken: number;
  /** Sends carried out whose sender died before the outcome was stored, or may have. */
  readonly ambiguous: number;
  /** What bots said that answers no question of that conversation. */
  readonly strange: readonly string[];
  readonly misuse: number;
  readonly impatience: number;
}

export async function judge(platform: Platform, all: readonly Asked[], deaths: readonly Death[]): Promise<Verdict> {
  const asked = all.filter((one) => one.platform === platform);
  const conversations = new Map(asked.map(({ number, conversation }) => [number, conversation]));
  const answers = new Map<number, Shown[]>();
  const strange: string[] = [];
  const orders = new Map<string, number[]>();
  const shown = platform.shown();
  for (const answer of shown) {
    const number = questionIn(answer.text);
    const known = number !== undefined && conversations.get(number) === answer.conversation;
    if (!known || answer.text !== ECHO_PREFIX + question(number)) {
      strange.push(`${answer.conversation}: ${answer.text}`);
      continue;
    }
    const copies = answers.get(number);
    if (copies) {
      copies.push(answer);
      continue;
    }
    answers.set(number, [answer]);
    const order = orders.get(answer.conversation) ?? [];
    orders.set(answer.conversation, [...order, number]);
  }
  const isUnsettled = (one: Shown) => one.ambiguous || deaths.some((death) => isJustBefore(one, death));
  const doubled = [...answers].filter(([, copies]) => copies.length > 1);
  const late = [...orders.values()].flatMap((order) => lateOnes(platform, order));
  return {
    platform: platform.name,
    posted: asked.length,
    answered: answers.size,
    lost: asked.filter(({ number }) => !answers.has(number)).map(({ number }) => number),
    doubled: doubled.map(([number]) => number),
    unexcused: doubled.filter(([, copies]) => !copies.slice(0, -1).every(isUnsettled)).map(([number]) => number),
    unordered: late.filter(({ excused }) => !excused).map(({ number }) => number),
    overtaken: late.filter(({ excused }) => excused).length,
    ambiguous: shown.filter(isUnsettled).length,
    strange,
    misuse: await platform.misuse(),
    impatience: await platform.impatience(),
  };
}

/** It was answered so shortly before that the outcome may not have been stored. */
function isJustBefore({ at }: Shown, death: Death): boolean {
  const margin = LATENCY_MS + NOTED_WITHIN_MS + SLOWNESS * (death.goneAt - death.at);
  return at >= death.at - margin && at <= death.goneAt;
}

/** Answers that stand behind that to a later question. A platform may have handed these over in that order. */
function lateOnes(platform: Platform, order: readonly number[]): { number: number; excused: boolean }[] {
  return order.flatMap((number, position) => {
    const before = order.slice(0, position).filter((earlier) => earlier > number);
    if (before.length === 0) return [];
    return { number, excused: before.every((overtaking) => isOvertaken(platform, number, overtaking)) };
  });
}

/**
 * The server had not taken the one when the other was there to be taken, pushed or read: which it got first, nobody here
 * can tell.
 */
function isOvertaken(platform: Platform, number: number, overtaking: number): boolean {
  const late = platform.handedOver?.(number);
  const early = platform.handedOver?.(overtaking);
  if (!late || !early) return false;
  return late.takenAt === undefined || late.takenAt > early.offeredAt;
}
