import type { ReceiverPort } from '../../src/core/connector.ts';
import type { Process } from '../world/process.ts';
import type { Weather } from '../world/weather.ts';
import { heard } from './connector.ts';
import type { Account, Platform, Post } from './platform.ts';

/** A long poll that found nothing comes back empty after this, ms. */
const POLL_MS = 25_000;
const OFFSET = 'offset';

type Fetched =
  | { readonly kind: 'posts'; readonly posts: readonly Post[] }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'error' };

/** Fetches, hands over, and only then asks for what comes next, which acknowledges what it had. */
export async function pull(
  platform: Platform,
  process: Process,
  weather: Weather,
  identity: string,
  token: string,
  port: ReceiverPort,
  signal: AbortSignal,
  eager: boolean,
): Promise<void> {
  const { random } = weather;
  const account = platform.accounts.get(identity);
  const transport = account?.receives === 'hook' ? 'webhook' : 'polling';
  const tell = (state: 'connecting' | 'connected' | 'reconnecting') => port.report({ state, transport });
  tell('connecting');
  if (!account) return;
  if (account.receives === 'hook') {
    tell('connected');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return;
  }
  while (!signal.aborted) {
    const from = Number(port.cursors.get(OFFSET) ?? 0);
    const fetched = await fetch(platform, process, weather, account, token, from, signal);
    if (signal.aborted) return;
    if (fetched.kind === 'unauthorized') {
      port.report({ state: 'error', code: 'bad_credentials', message: 'Make a new token.', transport });
      return;
    }
    if (fetched.kind === 'error') {
      tell('reconnecting');
      await port.clock.sleep(random.between(500, 3_000), signal);
      continue;
    }
    tell('connected');
    const { posts } = fetched;
    const last = Math.max(from, posts.at(-1)?.n ?? 0);
    if (posts.length === 0) continue;
    if (eager) platform.confirm(account, last);
    try {
      await port.accept(heard(posts, port.cursors), [{ name: OFFSET, value: `${last}` }]);
    } catch {
      weather.count('not_acknowledged');
      if (random.chance(0.2)) throw new Error('the receiver gives up, and is opened again');
      await port.clock.sleep(random.between(200, 1_500), signal);
    }
  }
}

function fetch(
  platform: Platform,
  process: Process,
  weather: Weather,
  account: Account,
  token: string,
  from: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const { random } = weather;
  const journey = weather.latency
    ? { there: random.between(1, 40), back: random.between(1, 40) }
    : { there: 1, back: 0 };
  const ask = async (): Promise<Fetched> => {
    if (weather.strikes('receiving')) {
      weather.count('fetch_failed');
      return { kind: 'error' };
    }
    if (account.dead || token !== account.token) return { kind: 'unauthorized' };
    platform.confirm(account, from);
    if (account.log.length <= from) await news(account, process, signal);
    if (account.dead || token !== account.token) return { kind: 'unauthorized' };
    return { kind: 'posts', posts: signal.aborted ? [] : platform.fetch(account, from) };
  };
  return process.request(journey, ask);
}

/** Until there is something new, the patience of a long poll is over, or nobody waits any more. */
function news(account: Account, process: Process, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const patience = new AbortController();
    const over = () => {
      account.waiting.delete(over);
      signal.removeEventListener('abort', over);
      patience.abort();
      resolve();
    };
    account.waiting.add(over);
    signal.addEventListener('abort', over, { once: true });
    void process.clock.sleep(POLL_MS, patience.signal).then(over);
  });
}
