import type { SimulatorClock } from './clock.ts';
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

/** Tells whoever waits that something happened. Free when nobody does. */
export interface Bell {
  /** Counts what happened, so that a waiter can tell whether it missed something. */
  version: number;
  readonly listeners: Set<() => void>;
}

export function ring(bell: Bell): void {
  bell.version++;
  for (const listener of [...bell.listeners]) listener();
}

/** Resolves with the first value that is not undefined or false; looks again whenever something happened. */
export function waitOn<T>(bell: Bell, look: () => T | undefined | false, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      bell.listeners.delete(check);
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const check = () => {
      try {
        const value = look();
        if (value === undefined || value === false) return;
        end();
        resolve(value);
      } catch (error) {
        end();
        reject(error);
      }
    };
    if (signal?.aborted) return reject(signal.reason);
    bell.listeners.add(check);
    signal?.addEventListener('abort', abort);
    check();
  });
}
