import { createHash } from 'node:crypto';

/** What happened in a run, in order. Two runs of one seed have the same digest, else the seed replays nothing. */
export interface Trace {
  say(line: string): void;
  digest(): string;
}

export function createTrace(now: () => number, print: ((line: string) => void) | undefined): Trace {
  const digest = createHash('sha1');
  return {
    say(text) {
      const line = `${(now() / 1_000).toFixed(3).padStart(10)}  ${text}`;
      digest.update(line);
      print?.(line);
    },
    digest: () => digest.digest('hex'),
  };
}
