import { createModelStore } from '../sim/store/model-store.ts';
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
