import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from './place.ts';

export const PATH_OPTIONS = `
    --seconds 15     measured seconds of each round
    --rounds 3       rounds of each subject, in turn
    --bots 100       bots of each subject
    --rate 200       messages per second, over all bots
    --store sqlite   or postgresql: a server of its own in a temporary folder
    --profile        a CPU profile of the server, from start to end, beside the results`;

export interface PathOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly bots: number;
  readonly rate: number;
  readonly store: StoreName;
  readonly profile: boolean;
}

export function readOptions(args: readonly string[]): PathOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '15' },
      rounds: { type: 'string', default: '3' },
      bots: { type: 'string', default: '100' },
      rate: { type: 'string', default: '200' },
      store: { type: 'string', default: 'sqlite' },
      profile: { type: 'boolean', default: false },
    },
  });
  const count = (name: 'seconds' | 'rounds' | 'bots' | 'rate'): number => {
    if (!/^[1-9]\d{0,5}$/.test(values[name])) throw unusable(`--${name} must be a whole number above 0`);
    return Number(values[name]);
  };
  const store = storeNames.find((name) => name === values.store);
  if (!store) throw unusable(`--store must be one of ${storeNames.join(', ')}`);
  const { profile } = values;
  return {
    seconds: count('seconds'),
    rounds: count('rounds'),
    bots: count('bots'),
    rate: count('rate'),
    store,
    profile,
  };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
