import { describe, expect, it } from 'vitest';
import { silentLog } from '../core/log.ts';
import { type Responder, ResponderError, type Turn } from '../core/responder.ts';
import { withFallback } from './fallback.ts';

const says: Responder = async function* () {
  yield 'Hello.';
};
const fails = (error: Error): Responder =>
  // biome-ignore lint/correctness/useYield: fails before the first piece
  async function* () {
    throw error;
  };
const failed = (reason: ResponderError['reason']) => fails(new ResponderError(reason, 'No.'));

async function counted(first: Responder, second: Responder, signal = new AbortController().signal) {
  const counts: string[] = [];
  const metrics = { fellBack: (...labels: string[]) => void counts.push(labels.join(' ')) };
  const respond = withFallback(first, second, { models: {}, metrics });
  try {
    for await (const _ of respond({ log: silentLog } as Turn, signal));
  } catch {}
  return counts;
}

describe('what the fallback brought is counted', () => {
  it.each<[name: string, first: Responder, second: Responder, counts: string[]]>([
    ['nothing, as it was not asked', says, says, []],
    ['nothing, as a refusal is an answer', failed('model_refused'), says, []],
    ['an answer', failed('model_overloaded'), says, ['model_overloaded answered']],
    ['no answer', failed('model_timeout'), failed('model_empty'), ['model_timeout model_empty']],
    ['a mistake of ours', failed('model_timeout'), fails(new Error('bug')), ['model_timeout unknown']],
  ])('%s', async (_name, first, second, counts) => {
    expect(await counted(first, second)).toEqual(counts);
  });

  it('not when nobody waits for it any more', async () => {
    const abort = new AbortController();
    const leaving: Responder = (turn, signal) => {
      abort.abort();
      return failed('model_timeout')(turn, signal);
    };
    expect(await counted(failed('model_timeout'), leaving, abort.signal)).toEqual([]);
  });
});
