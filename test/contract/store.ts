import { afterAll, beforeAll, describe } from 'vitest';
import { accessContract } from './store-access.ts';
import { answersContract } from './store-answers.ts';
import { arrivalsContract } from './store-arrivals.ts';
import { claimsContract } from './store-claims.ts';
import { contentContract } from './store-content.ts';
import { enduranceContract } from './store-endurance.ts';
import { flowContract } from './store-flow.ts';
import { integrationsContract } from './store-integrations.ts';
import { memoryContract } from './store-memory.ts';
import { ownersContract } from './store-owners.ts';
import type { Open, Opened } from './store-rig.ts';
import { roomsContract } from './store-rooms.ts';
import { usageContract } from './store-usage.ts';

/**
 * All that the doc comments of `Store` promise, for any engine. The tests share one store, as users do, and each makes
 * its own user and bots. The time limit finds a transaction that waits for itself.
 */
export function storeContract(name: string, open: Open): void {
  describe(`store on ${name}`, { timeout: 10_000 }, () => {
    let opened: Opened;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    const current = () => opened.store;

    flowContract(current);
    answersContract(current);
    memoryContract(current);
    contentContract(current, () => opened.beside());
    roomsContract(current);
    usageContract(current);
    ownersContract(current);
    arrivalsContract(current);
    claimsContract(current);
    integrationsContract(current);
    accessContract(current);
    enduranceContract(current, () => opened);
  });
}
