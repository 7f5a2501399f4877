import type { Bell } from '../shared/bell.ts';
import type { TelegramClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Limits } from './limits.ts';
import type { PushSettings } from './webhooks.ts';
import type { World } from './world.ts';

/** All that one running simulator consists of. */
export interface Scene {
  readonly world: World;
  readonly clock: TelegramClock;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly random: () => number;
  readonly slowRepolling: boolean;
  readonly pushing: PushSettings;
  readonly bell: Bell;
}
