import type { Ledger } from './ledger.ts';
import { tooManyRequests } from './refusal.ts';
import type { Chat } from './world.ts';

/** The FAQ's limits: 1/s per chat, 20/min per group, 30/s per bot (platforms.md §2.4 [T5]). All off unless set. */
export interface RateLimits {
  readonly perChatPerSecond?: number;
  readonly perGroupPerMinute?: number;
  readonly perBotPerSecond?: number;
}

export interface Limits {
  set: RateLimits;
  /** Times of accepted sends, by what they count against. */
  readonly sent: Map<string, number[]>;
  /** Chats that were told to wait, and until when. */
  readonly waiting: Map<string, number>;
}

export function createLimits(set: RateLimits): Limits {
  return { set, sent: new Map(), waiting: new Map() };
}

export function checkLimits(limits: Limits, ledger: Ledger, botId: number, chat: Chat, now: number): void {
  const key = `${botId}:${chat.id}`;
  const { perChatPerSecond, perGroupPerMinute, perBotPerSecond } = limits.set;
  const waits = [
    perChatPerSecond && wait(limits, `s:${key}`, perChatPerSecond, 1_000, now),
    perGroupPerMinute && chat.id < 0 && wait(limits, `m:${key}`, perGroupPerMinute, 60_000, now),
    perBotPerSecond && wait(limits, `b:${botId}`, perBotPerSecond, 1_000, now),
  ].map((ms) => ms || 0);
  const longest = Math.max(...waits);
  if (longest > 0) {
    const seconds = Math.ceil(longest / 1_000);
    noteWait(limits, ledger, botId, chat.id, seconds, now);
    throw tooManyRequests(seconds);
  }
  if (perChatPerSecond) limits.sent.get(`s:${key}`)?.push(now);
  if (perGroupPerMinute && chat.id < 0) limits.sent.get(`m:${key}`)?.push(now);
  if (perBotPerSecond) limits.sent.get(`b:${botId}`)?.push(now);
}

export function noteWait(limits: Limits, ledger: Ledger, botId: number, chatId: number, seconds: number, now: number) {
  ledger.counts.rate_limited++;
  limits.waiting.set(`${botId}:${chatId}`, now + seconds * 1_000);
}

/** Counts a send into a chat whose `retry_after` has not passed yet. */
export function checkPatience(limits: Limits, ledger: Ledger, botId: number, chatId: string, now: number): void {
  if (limits.waiting.size === 0) return;
  const until = limits.waiting.get(`${botId}:${chatId}`);
  if (until === undefined) return;
  if (now < until) ledger.counts.sent_while_limited++;
  else limits.waiting.delete(`${botId}:${chatId}`);
}

function wait(limits: Limits, key: string, most: number, windowMs: number, now: number): number {
  const times = limits.sent.get(key) ?? [];
  while (times[0] !== undefined && times[0] <= now - windowMs) times.shift();
  limits.sent.set(key, times);
  const oldest = times[times.length - most];
  return oldest === undefined ? 0 : oldest + windowMs - now;
}
