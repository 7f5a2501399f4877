import type { Bell } from '../shared/bell.ts';
import type { SimulatorClock } from '../shared/clock.ts';
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Limits } from './limits.ts';
import type { Outlet } from './outlet.ts';
import type { Settings } from './settings.ts';
import type { World } from './world.ts';

/** All that one running simulator consists of. */
export interface Scene {
  readonly world: World;
  readonly clock: SimulatorClock;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly settings: Settings;
  /** Open sockets of all apps, ghosts included, in the order in which they opened. */
  readonly outlets: Set<Outlet>;
  /** Tickets that were given out and not used: for which app. */
  readonly tickets: Map<string, string>;
  /** By app: how many envelopes it got, for the round robin. */
  readonly turns: Map<string, number>;
  /** By event id: the bodies of the last thousand events, for whoever wants to repeat or to forge one. */
  readonly bodies: Map<string, string>;
  readonly bell: Bell;
  /** Ends deliveries over HTTP that are on their way. */
  readonly ended: AbortController;
  lastEvent: number;
  lastSocket: number;
  /** Known once the server listens. */
  port: number;
}
