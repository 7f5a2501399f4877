import { parseArgs } from 'node:util';
import { type SubjectName, subjectNames } from './subjects.ts';

export const IDLE_OPTIONS = `
    --subject server   or connector: its receivers and senders alone, nothing stored
    --from 200         bots at the first measurement
    --to 1200          and at the second
    --rounds 3         processes of each subject, in turn
    --snapshots        one round more, not counted, that leaves heap snapshots in bench/results/profile`;

export interface IdleOptions {
  readonly subject: SubjectName;
  readonly from: number;
  readonly to: number;
  readonly rounds: number;
  readonly snapshots: boolean;
}

export function readOptions(args: readonly string[]): IdleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subject: { type: 'string', default: 'server' },
      from: { type: 'string', default: '200' },
      to: { type: 'string', default: '1200' },
      rounds: { type: 'string', default: '3' },
      snapshots: { type: 'boolean', default: false },
    },
  });
  const count = (name: 'from' | 'to' | 'rounds'): number => {
    if (!/^[1-9]\d{0,5}$/.test(values[name])) throw unusable(`--${name} must be a whole number above 0`);
    return Number(values[name]);
  };
  const subject = subjectNames.find((name) => name === values.subject);
  if (!subject) throw unusable(`--subject must be one of ${subjectNames.join(', ')}`);
  const options = { subject, from: count('from'), to: count('to'), rounds: count('rounds') };
  if (options.to <= options.from) throw unusable('--to must be above --from');
  return { ...options, snapshots: values.snapshots };
}

/** Looks to `main.ts` like a mistake that `parseArgs` itself found. */
const unusable = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
