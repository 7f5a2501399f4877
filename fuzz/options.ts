import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run fuzz -- render [OPTIONS]

  --cases 10000    how many answers for each platform
  --seed 1         another seed, other answers
  --platform NAME  this platform alone
  --case K         this answer alone, with what becomes of it

Prints a table and writes JSON to fuzz/results/. Ends with 1 when an answer came out wrong.`;

export interface Options {
  readonly cases: number;
  readonly seed: number;
  readonly platform: string | undefined;
  readonly case: number | undefined;
}

/** Throws what `parseArgs` throws for what nobody can mean. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cases: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      platform: { type: 'string' },
      case: { type: 'string' },
    },
  });
  if (positionals.join() !== 'render') throw unusable('What is fuzzed is called render');
  const whole = (name: string, value: string): number => {
    if (!/^\d{1,9}$/.test(value)) throw unusable(`--${name} must be a whole number`);
    return Number(value);
  };
  return {
    cases: whole('cases', values.cases),
    seed: whole('seed', values.seed),
    platform: values.platform,
    case: values.case === undefined ? undefined : whole('case', values.case),
  };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
export const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
