import { parseArgs } from 'node:util';

export const RENDER_OPTIONS = `
    --rounds 200     measured renderings of each answer
    --hostile 1000000  length of the hostile texts, 0 for none`;

export interface RenderOptions {
  readonly rounds: number;
  readonly hostile: number;
}

export function readOptions(args: readonly string[]): RenderOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '200' }, hostile: { type: 'string', default: '1000000' } },
  });
  const whole = (name: 'rounds' | 'hostile'): number => {
    if (!/^\d{1,7}$/.test(values[name])) throw unusable(`--${name} must be a whole number`);
    return Number(values[name]);
  };
  return { rounds: Math.max(1, whole('rounds')), hostile: whole('hostile') };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
