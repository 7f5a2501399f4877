import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './apps.ts';
import { isListed } from './refusal.ts';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';
import spec from './spec/slack.json' with { type: 'json' };
import { call } from './test-client.ts';

let simulator: SlackSimulator;
let bot: BotHandle;

beforeEach(async () => {
  simulator = await startSlackSimulator({ limits: false });
  bot = simulator.createBot({ username: 'wise' });
});
afterEach(() => simulator.close());

/** Values for any argument: right ones, wrong ones and nonsense. */
function values(channels: readonly string[], tss: readonly string[]): readonly unknown[] {
  const metadata = { event_type: 'x', event_payload: { long: 'x'.repeat(20_000) } };
  return [...channels, ...tss, bot.id, bot.botId, '', 'x', '-1', '0', '5', 'true', 'im,mpim', '[]', '{}', metadata];
}

const tokens = (): readonly (string | undefined)[] => [bot.token, bot.appToken, undefined];

test.each(Object.entries(spec.methods))(
  '%s answers nothing that its documentation does not list',
  async (method, { args }) => {
    const here = simulator.channel({ members: [bot] });
    const outside = simulator.channel();
    const secret = simulator.channel({ kind: 'private' });
    const old = simulator.channel({ members: [bot] });
    old.archive();
    const direct = simulator.dm(bot);
    const { ts } = here.say('hello');
    const reply = here.say('more', { thread: ts });
    const channels = [here, outside, secret, old, direct].map((it) => it.id);
    const seen = new Set<string>();
    const ask = async (token: string | undefined, given: Record<string, unknown>) => {
      const { status, body } = await call(simulator, token, method, given);
      expect(status).toBe(200);
      if (body.ok === false) seen.add(body.error);
    };
    const usual = { channel: here.id, ts, user: bot.id, text: 'x', users: here.speaker.id };
    const known = Object.fromEntries(Object.entries(usual).filter(([name]) => name in args));
    for (const token of tokens()) await ask(token, known);
    for (const name of Object.keys(args)) {
      for (const value of values(channels, [ts, reply.ts])) await ask(bot.token, { ...known, [name]: value });
    }
    simulator.setScopes(bot, []);
    await ask(bot.token, known);
    expect(seen.size).toBeGreaterThan(0);
    expect([...seen].filter((error) => !isListed(method, error))).toEqual([]);
  },
);
