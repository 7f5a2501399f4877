import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BREAKAGES, type Breakage } from './world/breakage.ts';

export const USAGE = `Usage: npm run sim -- [OPTIONS]

  --seeds 1000     how many worlds
  --from 1         the first one's seed
  --workers 2      processes that share them
  --seed N         one world alone, with all that happens in it
  --break RULE     breaks a rule on purpose, to see that it is noticed: ${BREAKAGES.join(', ')}

Prints a table and writes JSON to sim/results/. Ends with 1 when a rule was broken, or when too little was done to tell.`;

export interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  /** One world, told in full. */
  readonly seed: number | undefined;
  readonly breakage: Breakage | undefined;
}

/** Throws what `parseArgs` throws for what nobody can mean. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: `${Math.min(2, availableParallelism())}` },
      seed: { type: 'string' },
      break: { type: 'string' },
    },
  });
  const whole = (name: string, value: string): number => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw unusable(`--${name} must be a whole number above 0`);
    return Number(value);
  };
  const breakage = BREAKAGES.find((name) => name === values.break);
  if (values.break !== undefined && !breakage) throw unusable(`--break must be one of ${BREAKAGES.join(', ')}`);
  return {
    seeds: whole('seeds', values.seeds),
    from: whole('from', values.from),
    workers: whole('workers', values.workers),
    seed: values.seed === undefined ? undefined : whole('seed', values.seed),
    breakage,
  };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
