import { describe, expect, it } from 'vitest';
import { missingWork, runCampaign } from '../sim/campaign.ts';
import { createModelStore } from '../sim/store/model-store.ts';
import type { Breakage } from '../sim/world/breakage.ts';
import { runSeed } from '../sim/world/world.ts';
import { StoreKeyError } from '../src/store/errors.ts';
import { storeContract } from './contract/store.ts';
import { ids } from './contract/store-rig.ts';

/** What makes the simulation's verdicts worth anything: its store is one by the contract that the real engines pass. */
storeContract('the model', async () => {
  const model = createModelStore({ now: Date.now, newBotId: ids.bot });
  const opened = {
    store: model.open(),
    reopen: async () => {
      await opened.store.close();
      opened.store = model.open();
      return opened.store;
    },
    beside: async (options: { secretKey?: Uint8Array } = {}) => {
      // It seals nothing, so there is no key that could be wrong; the engines' own affair.
      if (options.secretKey) throw new StoreKeyError();
      return model.open();
    },
    // The contract's one statement: secrets of one row put into another.
    execute: async (statement: string) => {
      const [from, to] = [...statement.matchAll(/'(int_\w+)'/g)].map((match) => match[1] as `int_${string}`);
      const source = from && model.tables.integrations.get(from);
      const target = to && model.tables.integrations.get(to);
      if (source && target) target.secrets = source.secrets;
    },
    close: async () => opened.store.close(),
  };
  return opened;
});

const seeds = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

describe('the simulation', { timeout: 60_000 }, () => {
  it('keeps all rules in some hundred worlds, and did what it is for', async () => {
    const campaign = await runCampaign(seeds(1, 200));
    expect(campaign.failures).toEqual([]);
    expect(missingWork(campaign)).toEqual([]);
  });

  it('replays a seed exactly, told or not, and no two seeds alike', async () => {
    const digests = new Set<string>();
    for (const seed of seeds(1_000, 5)) {
      const lines: string[] = [];
      const { digest } = await runSeed(seed);
      expect(await runSeed(seed, { print: (line) => void lines.push(line) })).toMatchObject({ digest });
      expect(lines.length).toBeGreaterThan(20);
      digests.add(digest);
    }
    expect(digests.size).toBe(5);
  });

  it.each<[Breakage, string]>([
    ['acknowledges_unstored', 'C1 nothing is lost'],
    ['no_fence', 'C2 one outcome'],
    ['sends_before_stored', 'C3 no double'],
    ['forgets_what_is_known', 'C3 no double'],
  ])('notices when a rule is broken: %s', async (breakage, rule) => {
    for (const seed of seeds(1, 400)) {
      const { violations } = await runSeed(seed, { breakage });
      if (violations.some((violation) => violation.rule === rule)) return;
    }
    expect.unreachable(`nobody noticed ${breakage}`);
  });
});
