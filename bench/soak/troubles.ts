import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../sim/world/random.ts';
import type { Hall, Member } from '../isolation/hall.ts';

export interface Troubled {
  readonly name: string;
  /** Whose: the id of the integration. */
  readonly id: string;
  /** Ms since 1970. */
  readonly at: number;
  /** How long, ms. */
  readonly ms: number;
}

/** So many bots are in trouble at any time. */
const ABREAST = 3;
const LASTS_MS = [1_000, 8_000] as const;
const PAUSE_MS = [500, 3_000] as const;

/** Troubles that pass, one after another and a few at a time, for bots taken at random. */
export function makeTroubles(hall: Hall, random: Random): { stop(): Promise<readonly Troubled[]> } {
  const met: Troubled[] = [];
  const over = new AbortController();
  const struck = new Set<Member>();
  const strike = async (own: Random) => {
    while (!over.signal.aborted) {
      await rest(own.between(...PAUSE_MS), over.signal);
      const free = hall.members.filter((member) => !struck.has(member));
      const member = free[own.between(0, free.length - 1)];
      const passing = member?.crowd.troubles.filter(({ passes }) => passes) ?? [];
      const trouble = passing[own.between(0, passing.length - 1)];
      if (!member || !trouble) continue;
      const ms = own.between(...LASTS_MS);
      struck.add(member);
      const at = Date.now();
      const end = hall.trouble(member, trouble);
      await rest(ms, over.signal);
      await end();
      struck.delete(member);
      met.push({ name: `${member.crowd.platform} ${trouble.name}`, id: member.id, at, ms });
    }
  };
  const running = Promise.all(Array.from({ length: ABREAST }, (_, index) => strike(random.stream(`strikes ${index}`))));
  // Told to whoever stops it.
  running.catch(() => {});
  return {
    async stop() {
      over.abort();
      await running;
      return met;
    },
  };
}

const rest = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
