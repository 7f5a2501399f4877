import type { Cursor } from '../../core/message.ts';
import { threadOf } from './places.ts';
import { compareTs, isTs, tsMs } from './ts.ts';

/** A thread in which nothing was said for so long is not read any more, nor any beyond this number of newer ones. */
const LIFE_MS = 24 * 60 * 60 * 1000;
const MAX_THREADS = 100;

export interface Thread {
  /** Of its cursor. */
  readonly name: string;
  readonly channel: string;
  readonly root: string;
}

interface Entry extends Thread {
  readonly ts: string;
}

/** The threads that are being followed: history tells nothing of replies, so each is read by itself [S-i6]. */
export function followedThreads(cursors: ReadonlyMap<string, string>): readonly Thread[] {
  return entries(cursors);
}

/** Forgets threads that nobody writes in any more. */
export function forgotten(cursors: ReadonlyMap<string, string>, now: number): readonly Cursor[] {
  const all = [...entries(cursors)].sort((a, b) => compareTs(b.ts, a.ts));
  const old = all.filter(({ ts }, index) => index >= MAX_THREADS || now - tsMs(ts) > LIFE_MS);
  return old.map(({ name }) => ({ name, value: null }));
}

function entries(cursors: ReadonlyMap<string, string>): readonly Entry[] {
  const found: Entry[] = [];
  for (const [name, ts] of cursors) {
    const thread = name.startsWith('th:') && isTs(ts) ? threadOf(name) : undefined;
    if (thread) found.push({ name, ts, ...thread });
  }
  return found;
}
