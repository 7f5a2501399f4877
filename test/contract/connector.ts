import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiverCases } from './connector-receiver.ts';
import { senderCases } from './connector-sender.ts';
import type { ContractSetup, ContractWorld, Suite } from './connector-world.ts';

/** What every connector must do, whatever its platform. The suite knows nothing of any of them. */
export function connectorContract(name: string, { connector, world: open, skip = {} }: ContractSetup): void {
  describe(name, () => {
    let current: ContractWorld | undefined;
    let stops: (() => Promise<void>)[] = [];
    beforeEach(async () => {
      current = await open();
    });
    afterEach(async () => {
      for (const stop of stops.splice(0)) await stop();
      await current?.close();
    });
    const suite: Suite = {
      connector,
      world: () => {
        if (!current) throw new Error('no case is running');
        return current;
      },
      test: (title, run) => {
        const reason = skip[title];
        if (reason === undefined) it(title, run);
        else it.skip(`${title} (skipped: ${reason})`, () => {});
      },
      afterwards: (stop) => {
        stops = [...stops, stop];
      },
    };
    verifyCases(suite);
    receiverCases(suite);
    senderCases(suite);
  });
}

function verifyCases(suite: Suite): void {
  const { connector, test } = suite;
  describe('verify', () => {
    test('says who the bot is and what it claims', async () => {
      const world = suite.world();
      const found = await connector.verify(world.credential, world.settings, world.port);
      expect(found).toMatchObject({ ok: true, identity: expect.stringMatching(/./) });
      expect(found.ok && found.claims.length).toBeGreaterThan(0);
    });

    test('rejects a credential that is nobody’s', async () => {
      const world = suite.world();
      const found = await connector.verify(world.badCredential, world.settings, world.port);
      expect(found).toMatchObject({ ok: false, kind: 'rejected', reason: expect.stringMatching(/^[a-z_]+$/) });
    });

    test('does not blame the credential when the platform is down', async () => {
      const world = suite.world();
      await world.down();
      const found = await connector.verify(world.credential, world.settings, world.port);
      expect(found).toMatchObject({ ok: false, kind: 'unavailable' });
      await world.up();
    });

    test('takes back what it was given and nothing else', async () => {
      const world = suite.world();
      expect(connector.credential.safeParse(world.credential).success).toBe(true);
      expect(connector.settings.parse(world.settings)).toEqual(world.settings);
      for (const field of Object.keys(connector.credential.shape)) {
        for (const evil of ['', 'a b', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a\\b', 'a\nb', 'x'.repeat(513), 7]) {
          expect(connector.credential.safeParse({ ...world.credential, [field]: evil }).success).toBe(false);
        }
      }
    });
  });
}
