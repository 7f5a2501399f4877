import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from '../path/place.ts';

export const SOAK_OPTIONS = `
    --minutes 30     of questions; then all that is open is waited for
    --rate 20        questions per second over 40 bots on three platforms
    --seed 1         which troubles, whose, for how long
    --store sqlite   or postgresql: a server of its own in a temporary folder`;

export interface SoakOptions {
  readonly minutes: number;
  readonly rate: number;
  readonly seed: number;
  readonly store: StoreName;
}

export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      store: { type: 'string', default: 'sqlite' },
    },
  });
  const count = (name: 'minutes' | 'rate' | 'seed'): number => {
    if (!/^[1-9]\d{0,3}$/.test(values[name])) throw unusable(`--${name} must be a whole number from 1 to 9999`);
    return Number(values[name]);
  };
  const store = storeNames.find((name) => name === values.store);
  if (!store) throw unusable(`--store must be one of ${storeNames.join(', ')}`);
  return { minutes: count('minutes'), rate: count('rate'), seed: count('seed'), store };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
