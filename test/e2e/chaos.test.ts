import { describe, it } from 'vitest';
import { type CampaignOptions, runCampaign } from '../../chaos/campaign.ts';
import { reportOf } from '../../chaos/report.ts';
import { missingWork, violations } from '../../chaos/violations.ts';
import { makeStore, type StoreKind, storeKinds } from '../support/stores.ts';

/** The short form of `npm run chaos`: all kinds of blows, on PostgreSQL all but the frozen server, which lasts too long here. */
const ROUNDS: Readonly<Record<StoreKind, number>> = { sqlite: 7, postgresql: 4 };

describe.concurrent('three platforms at once, servers killed at random instants', () => {
  it.for(storeKinds)(
    'lose nothing, double nothing but sends in flight, keep the order, on %s',
    { timeout: 300_000 },
    async (store, { expect, onTestFinished }) => {
      const options: CampaignOptions = {
        store,
        rounds: ROUNDS[store],
        seed: 1,
        rate: 20,
        webhooks: false,
        patience: 100,
      };
      const place = await makeStore(store);
      onTestFinished(() => place.drop());
      const campaign = await runCampaign(options, place, () => {});
      console.log(reportOf([campaign]).join('\n'));
      expect(violations(campaign)).toEqual([]);
      expect(missingWork(campaign)).toEqual([]);
    },
  );
});
