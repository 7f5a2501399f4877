import { MANNERS, type Manner } from '../platform/platform.ts';
import type { Random } from './random.ts';

export type Action =
  | {
      readonly kind: 'post';
      readonly bot: number;
      readonly channel: number;
      readonly thread: boolean;
      readonly ageMs: number;
    }
  | { readonly kind: 'kill'; readonly node: number; readonly when: Moment; readonly awayMs: number }
  | { readonly kind: 'stop'; readonly node: number; readonly graceMs: number; readonly awayMs: number }
  | { readonly kind: 'freeze'; readonly node: number; readonly forMs: number }
  | { readonly kind: 'outage'; readonly forMs: number }
  | { readonly kind: 'clock'; readonly node: number; readonly byMs: number }
  | { readonly kind: 'pause'; readonly route: number; readonly forMs: number }
  | { readonly kind: 'delete' | 'channels' | 'token' | 'touch'; readonly route: number }
  | { readonly kind: 'connect'; readonly bot: number }
  | { readonly kind: 'revoke'; readonly bot: number; readonly forMs: number }
  | { readonly kind: 'close'; readonly bot: number; readonly channel: number };

/** When exactly a process dies: now, when the next such call is committed, or when its next message is shown. */
export type Moment = 'now' | 'accept' | 'compose' | 'settle' | 'shown';

export interface PlannedBot {
  readonly manner: Manner;
  readonly receives: 'pull' | 'hook' | 'both';
  /** How many integrations share it at first. */
  readonly routes: number;
}

export interface Plan {
  readonly nodes: number;
  /** One process at a time has the store to itself: the one before it is dead by definition. */
  readonly exclusive: boolean;
  readonly bots: readonly PlannedBot[];
  /** Virtual ms until everything is healed. */
  readonly duration: number;
  readonly actions: readonly { readonly at: number; readonly action: Action }[];
}

export const CHANNELS = 3;
const HOUR = 3_600_000;

/** What happens in a world and when: a pure function of the seed. */
export function makePlan(random: Random): Plan {
  const { between, chance, pick } = random;
  const nodes = pick([1, 1, 2, 2, 3]);
  const exclusive = nodes === 1 && chance(0.7);
  const bots = Array.from({ length: between(1, 4) }, (): PlannedBot => {
    const manner = pick(MANNERS);
    return {
      manner,
      receives: pick(['pull', 'pull', 'hook', 'both']),
      routes: manner === 'plain' ? 1 : between(1, 2),
    };
  });
  const duration = between(40, pick([90, 200, 400])) * 1_000;
  const actions: { at: number; action: Action }[] = [];
  const add = (action: Action, at = between(0, duration)) => void actions.push({ at, action });
  const some = (most: number, make: () => Action) => {
    for (let left = between(0, most); left > 0; left--) add(make());
  };

  for (let left = between(20, pick([40, 120])); left > 0; ) {
    const burst = Math.min(left, pick([1, 1, 2, 5]));
    const at = between(0, duration);
    const [bot, channel] = [between(0, bots.length - 1), between(0, CHANNELS - 1)];
    for (let n = 0; n < burst; n++) {
      const ageMs = chance(0.03) ? 12 * HOUR + between(-30_000, 30_000) : 0;
      add({ kind: 'post', bot, channel, thread: chance(0.2), ageMs }, at + n * between(0, 500));
    }
    left -= burst;
  }
  const node = () => between(0, nodes - 1);
  const route = () => between(0, 7);
  const bot = () => between(0, bots.length - 1);
  some(3, () => {
    const when = pick(['now', 'accept', 'compose', 'settle', 'shown'] as const);
    return { kind: 'kill', node: node(), when, awayMs: between(0, 20_000) };
  });
  some(1, () => ({ kind: 'stop', node: node(), graceMs: pick([0, 2_000, 10_000]), awayMs: between(0, 5_000) }));
  some(2, () => ({ kind: 'freeze', node: node(), forMs: between(500, 40_000) }));
  some(1, () => ({ kind: 'outage', forMs: between(500, 40_000) }));
  some(1, () => ({ kind: 'clock', node: node(), byMs: pick([-HOUR, HOUR]) }));
  some(2, () => ({ kind: 'pause', route: route(), forMs: between(0, 30_000) }));
  some(1, () => ({ kind: 'channels', route: route() }));
  some(1, () => ({ kind: 'token', route: route() }));
  some(1, () => ({ kind: 'touch', route: route() }));
  some(1, () => ({ kind: 'connect', bot: bot() }));
  if (chance(0.2)) add({ kind: 'delete', route: route() });
  if (chance(0.2)) add({ kind: 'revoke', bot: bot(), forMs: between(1_000, pick([60_000, 400_000])) });
  if (chance(0.1)) add({ kind: 'close', bot: bot(), channel: between(0, CHANNELS - 1) });
  return { nodes, exclusive, bots, duration, actions: actions.sort((a, b) => a.at - b.at) };
}
