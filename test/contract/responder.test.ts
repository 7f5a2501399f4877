import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { createResponders } from '../../src/responders/registry.ts';
import { startModelSimulator } from '../../src/simulators/model/server.ts';
import { answerOf, exampleTurn, responderContract } from './responder.ts';

const deps = { clock: systemClock, log: silentLog, random: () => 0 };

responderContract('builtin/echo', async () => ({
  respond: createResponders({ defaultModel: 'builtin/echo' }, deps).respond,
  model: 'default',
  stop: async () => {},
}));

responderContract('a model behind Chat Completions', async () => {
  const simulator = await startModelSimulator({ apiKey: 'sk-simulator' });
  const { respond } = createResponders(
    { defaultModel: 'openai/sim-small', openaiBaseUrl: simulator.url, openaiApiKey: 'sk-simulator' },
    deps,
  );
  return {
    respond,
    model: 'default',
    asked: () => simulator.prompts.length,
    stall: (how) => {
      const mine = simulator.prompts.length;
      simulator.fault(how === 'in the middle' ? { kind: 'stall' } : { kind: 'hang' });
      return {
        asked: simulator.waitFor((prompts) => prompts.length > mine),
        left: simulator.waitFor((prompts) => prompts[mine]?.state === 'left'),
      };
    },
    stop: async () => {
      expect(simulator.invalid).toEqual([]);
      await simulator.close();
    },
  };
});

describe('builtin/echo', () => {
  it('gives back exactly the text behind its prefix', async () => {
    const { respond } = createResponders({ defaultModel: 'builtin/echo' }, deps);
    const text = '  *as* it is\n👋 ';
    expect(await answerOf(respond, exampleTurn({ text }))).toBe(ECHO_PREFIX + text);
    expect(ECHO_PREFIX).toBe('Echo: ');
  });
});
