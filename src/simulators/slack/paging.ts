import type { Call } from './call.ts';
import { count, text } from './call.ts';
import { Refusal } from './refusal.ts';

/** One page of a list, and where the next begins. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
  readonly metadata: { readonly next_cursor: string };
}

/** `limit`: how many where the caller does not say, and how many at most. */
export function pageOf<T>(
  args: Call['args'],
  all: readonly T[],
  key: (item: T) => string,
  limit: { readonly usual: number; readonly most: number },
): Page<T> {
  const wanted = count(args, 'limit') ?? limit.usual;
  const size = Math.min(wanted < 1 ? limit.usual : wanted, limit.most);
  const cursor = text(args, 'cursor');
  const start = cursor === undefined || cursor === '' ? 0 : startOf(cursor, all, key);
  const items = all.slice(start, start + size);
  const next = all[start + size];
  return {
    items,
    more: next !== undefined,
    metadata: { next_cursor: next === undefined ? '' : makeCursor(key(next)) },
  };
}

/** Cursors end with `=`, which has to be encoded in a query (platforms.md §3.2.4). */
function makeCursor(key: string): string {
  let plain = `next:${key}`;
  while (plain.length % 3 === 0) plain = `next:${plain.slice(5)} `;
  return Buffer.from(plain).toString('base64');
}

function startOf<T>(cursor: string, all: readonly T[], key: (item: T) => string): number {
  const plain = Buffer.from(cursor, 'base64').toString();
  if (!plain.startsWith('next:') || !/^[A-Za-z0-9+/]+={1,2}$/.test(cursor)) throw new Refusal('invalid_cursor');
  const wanted = plain.slice(5).trim();
  const at = all.findIndex((item) => key(item) === wanted);
  if (at < 0) throw new Refusal('invalid_cursor');
  return at;
}
