import { parseArgs } from 'node:util';
import type { StoreKind } from '../test/support/stores.ts';
import type { CampaignOptions } from './campaign.ts';

const STORES: Readonly<Record<string, readonly StoreKind[]>> = {
  sqlite: ['sqlite'],
  postgresql: ['postgresql'],
  both: ['sqlite', 'postgresql'],
};

export const USAGE = `Usage: npm run chaos -- [OPTIONS]

  --rounds 200     so often a server is killed, on each store; each tenth time asked to stop, each tenth frozen instead
  --seed 1         when, which and for how long
  --store both     sqlite: one server; postgresql: two, one takes over from the other; a database of its own
  --rate 20        questions a second, over three platforms at once, also while no server is there
  --patience 420   an answer that is not there so many seconds after the last question is lost; Slack rations what is found
                   only in its history, and that is looked for every 5 minutes
  --webhooks       Telegram by webhook and Slack by its Events API instead of polling and Socket Mode

Prints a table and writes JSON to chaos/results/. Ends with 1 when something was lost, doubled or out of order, or when
too little was done to tell.`;

export function readOptions(args: readonly string[]): CampaignOptions[] {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      store: { type: 'string', default: 'both' },
      rate: { type: 'string', default: '20' },
      patience: { type: 'string', default: '420' },
      webhooks: { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'rounds' | 'seed' | 'rate' | 'patience'): number => {
    if (!/^[1-9]\d{0,5}$/.test(values[name])) throw unusable(`--${name} must be a whole number above 0`);
    return Number(values[name]);
  };
  const stores = Object.hasOwn(STORES, values.store) ? STORES[values.store] : undefined;
  if (!stores) throw unusable(`--store must be one of ${Object.keys(STORES).join(', ')}`);
  const { webhooks } = values;
  return stores.map((store) => ({
    ...{ store, webhooks },
    ...{ rounds: whole('rounds'), seed: whole('seed'), rate: whole('rate'), patience: whole('patience') },
  }));
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
