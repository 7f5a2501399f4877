import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from '../path/place.ts';

export const ISOLATION_OPTIONS = `
    --seconds 6      of each window: one without and one with trouble for each kind
    --rate 80        messages per second over 200 bots; a bot that is asked faster than its platform allows would wait
    --store sqlite   or postgresql: a server of its own in a temporary folder
    --only TEXT      only kinds whose name contains it`;

export interface IsolationOptions {
  readonly seconds: number;
  readonly rate: number;
  readonly store: StoreName;
  readonly only: string;
}

export function readOptions(args: readonly string[]): IsolationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '6' },
      rate: { type: 'string', default: '80' },
      store: { type: 'string', default: 'sqlite' },
      only: { type: 'string', default: '' },
    },
  });
  const count = (name: 'seconds' | 'rate'): number => {
    if (!/^[1-9]\d{0,2}$/.test(values[name])) throw unusable(`--${name} must be a whole number from 1 to 999`);
    return Number(values[name]);
  };
  const store = storeNames.find((name) => name === values.store);
  if (!store) throw unusable(`--store must be one of ${storeNames.join(', ')}`);
  return { seconds: count('seconds'), rate: count('rate'), store, only: values.only };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
