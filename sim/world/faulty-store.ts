import type { Composed, Settled } from '../../src/core/flow-store.ts';
import type { Health } from '../../src/core/health.ts';
import type { BotId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/store.ts';
import type { Journey, Process } from './process.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

/** A call has just been committed, and its caller does not know yet. */
export type Committed = (process: Process, name: string, args: readonly unknown[], result: unknown) => void;

const DULL = new Set(['holdBots', 'arrivals', 'loadBot', 'history', 'recover', 'findListeners', 'botExists']);

/** The store as one process sees it: over a network, with calls that dawdle, fail, or fail after they were committed. */
export function faultyStore(
  store: Store,
  process: Process,
  weather: Weather,
  trace: Trace,
  committed: Committed,
): Store {
  const { random } = weather;

  async function call(name: string, args: readonly unknown[], run: () => Promise<unknown>): Promise<unknown> {
    const commit = async () => {
      const result = await run();
      if (!DULL.has(name)) trace.say(`${process.name} ${name}${subjectOf(name, args)} → ${outcomeOf(result)}`);
      committed(process, name, args, result);
      return result;
    };
    if (weather.storeAway) {
      return process.request({ there: random.between(1, 2_000), back: 0 }, async () => {
        weather.count('store_away');
        // A commit may have been the last thing that the database did.
        if (random.chance(0.05)) await commit();
        throw new Error('the store is away');
      });
    }
    if (!weather.strikes('store')) return process.request(journey(), commit);
    const fault = random.pick(['fails_before', 'fails_after', 'slow']);
    weather.trouble(`store_${fault}`);
    if (name !== 'holdBots') trace.say(`${process.name} ${name} ${fault}`);
    if (fault === 'slow') {
      return process.request({ there: random.between(0, 3_000), back: random.between(0, 3_000) }, commit);
    }
    return process.request(journey(), async () => {
      if (fault === 'fails_after') await commit();
      throw new Error(`the store ${fault}`);
    });
  }

  const journey = (): Journey =>
    weather.latency ? { there: random.between(0, 3), back: random.between(0, 3) } : { there: 0, back: 0 };

  const watch: Store['watchBots'] = async (node, changed) => {
    const told = (bot: BotId) => {
      if (weather.strikes('receiving')) return weather.count('notify_lost');
      void process.request({ there: random.between(0, 50), back: 0 }, () => process.enter(() => changed(bot)));
    };
    return process.request(journey(), () => store.watchBots(node, told));
  };

  return new Proxy(store, {
    get(target, name: keyof Store) {
      const method: unknown = target[name];
      if (typeof method !== 'function') return method;
      if (name === 'watchBots') return watch;
      return (...args: unknown[]) => call(name, args, () => method.apply(target, args) as Promise<unknown>);
    },
  });
}

function outcomeOf(result: unknown): string {
  if (typeof result === 'string') return result;
  if (typeof result !== 'object' || result === null) return '';
  if ('reason' in result) return String(result.reason);
  if ('due' in result && Array.isArray(result.due)) return `due ${result.due.map(({ seq }) => seq).join(' ')}`;
  return 'ok' in result ? 'ok' : '';
}

function subjectOf(name: string, [first, second, third]: readonly unknown[]): string {
  if (name === 'reportHealth') return ` ${first} epoch ${second} ${(third as Health).state}`;
  if (name === 'compose') return ` seq ${(first as Composed).seq}`;
  if (name !== 'settle') return '';
  const { change } = first as Settled;
  const of =
    change.kind === 'fate' ? `seq ${change.seq} ${change.fate.kind}` : `${change.kind} (${change.delivery.slice(-4)})`;
  return ` ${of}`;
}
