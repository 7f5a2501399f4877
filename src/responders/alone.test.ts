import { describe, expect, it } from 'vitest';
import { silentLog } from '../core/log.ts';
import { RESTART, type Responder, ResponderError, type Turn } from '../core/responder.ts';
import { withoutHistory } from './alone.ts';
import { withFallback } from './fallback.ts';

const entry = { from: 'person', name: 'Bob', text: 'BADWORD', at: 0 } as const;
type Reason = ResponderError['reason'];

/** A filter reads all that a model is shown. */
const filtered = (reason: Reason, before: readonly string[] = []): Responder =>
  async function* (turn) {
    const shown = [...(await turn.history()).map(({ text }) => text), turn.message.text];
    turn.spent(shown.length);
    yield* before;
    if (shown.some((text) => text.includes('BADWORD'))) throw new ResponderError(reason, 'No.');
    yield 'fine';
  };

async function ask(respond: Responder, text: string, history: Turn['history'], signal = new AbortController().signal) {
  const pieces: unknown[] = [];
  const costs: number[] = [];
  const spent = (tokens: number) => void costs.push(tokens);
  const turn = { replr: { model: 'm' }, message: { text }, history, spent, log: silentLog } as unknown as Turn;
  try {
    for await (const piece of respond(turn, signal)) pieces.push(piece);
  } catch (error) {
    pieces.push(error instanceof ResponderError ? error.reason : error);
  }
  return { pieces, costs };
}

const poisoned = async () => [entry];
const twice = (reason: Reason, before?: readonly string[]) =>
  withoutHistory(filtered(reason, before), filtered(reason));

describe('what a model turns down', () => {
  it.each(['model_refused', 'model_rejected'] as const)('%s: is asked once more by itself', async (reason) => {
    expect(await ask(twice(reason), 'hello', poisoned)).toEqual({ pieces: ['fine'], costs: [2, 1] });
  });

  it('begins anew when half of an answer was out', async () => {
    expect((await ask(twice('model_refused', ['No']), 'hello', poisoned)).pieces).toEqual(['No', RESTART, 'fine']);
  });

  it.each<[name: string, reason: Reason, text: string, history: Turn['history']]>([
    ['there was no history', 'model_refused', 'BADWORD', async () => []],
    ['the model failed otherwise', 'model_timeout', 'hello', poisoned],
  ])('but not when %s', async (_name, reason, text, history) => {
    const { pieces, costs } = await ask(twice(reason), text, history);
    expect(pieces).toEqual([reason]);
    expect(costs).toHaveLength(1);
  });

  it.each(['model_refused', 'model_overloaded', 'model_rejected'] as const)(
    'stays so when that ends as %s, and goes to no other model',
    async (second) => {
      const respond = withoutHistory(filtered('model_refused'), filtered(second));
      const metrics = { fellBack: () => {} };
      const standIn: Responder = async function* () {
        yield 'carried over';
      };
      const { pieces, costs } = await ask(withFallback(respond, standIn, { models: {}, metrics }), 'BADWORD', poisoned);
      expect(pieces).toEqual(['model_refused']);
      expect(costs).toEqual([2, 1]);
    },
  );

  it('is not asked again when nobody waits any more', async () => {
    const over = new AbortController();
    const first: Responder = async function* (turn) {
      await turn.history();
      over.abort(new Error('over'));
      yield* [];
      throw new ResponderError('model_refused', 'No.');
    };
    const { pieces } = await ask(withoutHistory(first, filtered('model_refused')), 'hello', poisoned, over.signal);
    expect(pieces).toEqual([over.signal.reason]);
  });
});
