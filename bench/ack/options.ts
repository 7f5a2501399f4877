import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from '../path/place.ts';

export const ACK_OPTIONS = `
    --seconds 20     measured seconds of each transport, one after another
    --rate 50        messages per second
    --store sqlite   or postgresql: a server of its own in a temporary folder`;

export interface AckOptions {
  readonly seconds: number;
  readonly rate: number;
  readonly store: StoreName;
}

export function readOptions(args: readonly string[]): AckOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '20' },
      rate: { type: 'string', default: '50' },
      store: { type: 'string', default: 'sqlite' },
    },
  });
  const count = (name: 'seconds' | 'rate'): number => {
    if (!/^[1-9]\d{0,3}$/.test(values[name])) throw unusable(`--${name} must be a whole number from 1 to 9999`);
    return Number(values[name]);
  };
  const store = storeNames.find((name) => name === values.store);
  if (!store) throw unusable(`--store must be one of ${storeNames.join(', ')}`);
  return { seconds: count('seconds'), rate: count('rate'), store };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
