import { type Responder, ResponderError } from '../../src/core/responder.ts';
import type { Process } from './process.ts';
import type { Weather } from './weather.ts';

const FAULTS = ['fails', 'throws', 'empty', 'slow', 'slow', 'slow', 'hangs'] as const;

/** The model as one process meets it. Answers `re:<question>` in one to three parts; `threw` takes those it made a mistake at. */
export function brain(process: Process, weather: Weather, threw: Set<string>): Responder {
  const { random } = weather;
  return async function* respond(turn, signal) {
    const { clock } = process;
    if (random.chance(0.8)) await turn.history();
    let thinking = random.between(0, 3_000);
    if (weather.strikes('model')) {
      // Ten minutes of virtual time for each: seldom.
      const drawn = random.pick(FAULTS);
      const fault = drawn === 'hangs' && random.chance(0.8) ? 'slow' : drawn;
      weather.count(`model_${fault}`);
      if (fault === 'fails') throw new ResponderError('model_overloaded', 'busy');
      if (fault === 'throws') {
        threw.add(turn.message.text);
        throw new Error('a mistake of ours');
      }
      if (fault === 'empty') return;
      if (fault === 'slow') thinking = random.between(3_000, 40_000);
      if (fault === 'hangs') await new Promise(() => {});
    }
    await clock.sleep(thinking, signal);
    signal.throwIfAborted();
    const { text } = turn.message;
    const parts = random.pick([1, 1, 1, 2, 3]);
    for (let part = 0; part < parts; part++) yield `re:${text}#${part}|`;
  };
}
