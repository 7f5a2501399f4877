import type { Bell } from '../shared/bell.ts';
import type { SimulatorClock } from '../shared/clock.ts';
import type { GatewayConnection } from './connection.ts';
import type { Faults } from './faults.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import type { Ledger } from './ledger.ts';
import type { Limits } from './limits.ts';
import type { World } from './world.ts';

/** All that one running simulator consists of. */
export interface Scene {
  readonly world: World;
  readonly clock: SimulatorClock;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly gateway: GatewaySettings;
  readonly connections: Set<GatewayConnection>;
  readonly random: () => number;
  /** Whether messages read back show the nonce that they were sent with (platforms.md §4.1). */
  readonly nonceInHistory: boolean;
  readonly bell: Bell;
  /** Known once the server listens. */
  port: number;
}
