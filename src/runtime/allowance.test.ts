import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { type Rig, type RigOptions, type SomeOptions, startRig } from '../../test/support/runtime-rig.ts';
import type { InboundMessage } from '../core/message.ts';
import { defaultUserLimits } from '../core/options.ts';
import { Allowance } from './allowance.ts';

const TOO_FAST = 'You have asked me a lot in a short time. Please give me a minute.';
const TODAY = "That's all I can do for today. Ask me again tomorrow.";
const MINUTE = 60_000;

describe('caps', { timeout: 30_000 }, () => {
  let rig: Rig;
  const start = async (options: SomeOptions, over: RigOptions = {}) => {
    rig = await startRig(over);
    await rig.begin();
    return rig.connect(undefined, { options });
  };
  afterEach(() => rig.end());
  const by = (name: string): InboundMessage['author'] => ({ id: name, name, kind: 'person' });
  const askedBy = (name: string) => rig.turns.filter(({ message }) => message.authorName === name).length;
  const sent = () => rig.platform.ledger.map((line) => line.slice(line.indexOf(' ') + 1));
  /** How many messages have each outcome. */
  const fates = () =>
    Object.fromEntries(
      rig
        .query("select fate_kind || coalesce(':' || fate_reason, '') as fate, count(*) as n from messages group by 1")
        .map(({ fate, n }) => [fate, n]),
    );

  it('of a person: one refusal, then silence until the window ends; nobody else notices', async () => {
    await start({ limits: { personTurnsPerMinute: 1 } });
    for (let n = 0; n < 30; n++) await rig.say(`flood ${n}`, { channel: `c${n % 3}`, author: by('mallory') });
    await rig.say('hello', { author: by('ada') });
    await rig.quiet();
    expect(askedBy('mallory')).toBe(10);
    expect(sent().filter((text) => text === TOO_FAST)).toHaveLength(1);
    expect(sent()).toContain('re: hello');
    expect(fates()).toEqual({ answered: 11, 'ignored:person_limit': 20 });
    await rig.pass(MINUTE);
    await rig.say('may I?', { author: by('mallory') });
    await rig.say('and again?', { author: by('mallory') });
    await rig.quiet();
    expect(askedBy('mallory')).toBe(11);
    expect(sent().filter((text) => text === TOO_FAST)).toHaveLength(2);
  });

  it('a flood costs what the cap allows, and others are answered in the midst of it', async () => {
    await start({ limits: { personTurnsPerMinute: 1 } });
    const { port } = await rig.receiver();
    for (let batch = 0; batch < 2; batch++) {
      const flood = Array.from({ length: 200 }, (_, n) =>
        rig.message(`flood ${batch} ${n}`, { author: by('mallory'), at: { channel: 'c1' } }),
      );
      await port.accept([...flood, rig.message(`hello ${batch}`, { author: by('ada'), at: { channel: 'c1' } })], []);
      await rig.until(() => sent().includes(`re: hello ${batch}`));
    }
    await rig.quiet();
    // Of each 200 at once, one gives up its place for somebody else's.
    expect(fates()).toEqual({ answered: 12, 'ignored:person_limit': 388, 'expired:backlog': 2 });
    expect([askedBy('mallory'), askedBy('ada')]).toEqual([10, 2]);
    expect(sent()).toHaveLength(13);
  });

  it.each([
    ['chatTurnsPerMinute', 'chat_limit', ['c1']],
    ['turnsPerMinute', 'integration_limit', ['c1', 'c2']],
  ] as const)('%s holds for all people together, and each room is told once', async (limit, reason, told) => {
    await start({ limits: { [limit]: 1 } });
    for (let n = 0; n < 10; n++) await rig.say(`question ${n}`, { author: by(`person${n}`) });
    await rig.quiet();
    for (let n = 0; n < 3; n++) await rig.say(`late ${n}`, { author: by(`late${n}`) });
    await rig.say('elsewhere', { channel: 'c2', author: by('ada') });
    await rig.say('elsewhere again', { channel: 'c2', author: by('bob') });
    await rig.quiet();
    expect(fates()[`ignored:${reason}`]).toBe(told.length === 1 ? 3 : 5);
    const refusals = rig.platform.ledger.filter((line) => line.includes('Please give me a minute'));
    expect(refusals.map((line) => line.slice(0, 2))).toEqual(told);
  });

  it('of a user: all integrations together', async () => {
    await start({}, { userLimits: { turnsPerMinute: 1 } });
    for (let n = 0; n < 6; n++) await rig.say(`question ${n}`);
    await rig.connect(['d1'], { identity: 'bot2' });
    await rig.until(() => rig.platform.listening.length === 2);
    for (let n = 0; n < 6; n++) await rig.say(`other ${n}`, { channel: 'd1' });
    await rig.quiet();
    expect(fates()).toEqual({ answered: 10, 'ignored:user_limit': 2 });
  });

  it('of the day: in tokens, as the provider counts, until midnight UTC', async () => {
    await start({ limits: { personTokensPerDay: 1_000, tokensPerDay: 1_800 } });
    rig.respond = (turn) => {
      turn.spent(600);
      return 'ok';
    };
    for (let n = 0; n < 4; n++) await rig.say(`question ${n}`, { author: by('ada') });
    for (let n = 0; n < 4; n++) await rig.say(`question ${n} as well`, { author: by('bob') });
    await rig.quiet();
    expect([askedBy('ada'), askedBy('bob')]).toEqual([2, 1]);
    expect(fates()).toEqual({ answered: 3, 'ignored:person_limit': 2, 'ignored:integration_limit': 3 });
    expect(sent().filter((text) => text === TODAY)).toHaveLength(2);
  });

  it('of the day: who waited for a slot is asked again, so that it is passed by as many turns as there are slots', async () => {
    await start({ limits: { personTokensPerDay: 1_000, concurrentTurns: 2 } });
    const first = Promise.withResolvers<void>();
    rig.respond = async (turn) => {
      await first.promise;
      turn.spent(1_000);
      return 'ok';
    };
    for (let n = 0; n < 10; n++) await rig.say(`question ${n}`, { channel: `c${n}` });
    await rig.until(() => rig.turns.length === 2);
    first.resolve();
    await rig.until(() => sent().length === 3);
    await rig.quiet();
    expect(fates()).toEqual({ answered: 2, 'ignored:person_limit': 8 });
    expect(sent().filter((text) => text === TODAY)).toHaveLength(1);
  });

  it('of the day: a restart forgets nothing', async () => {
    await start({ limits: { personTokensPerDay: 1_000 } });
    rig.respond = (turn) => {
      turn.spent(1_000);
      return 'ok';
    };
    await rig.say('one');
    await rig.quiet();
    await rig.kill();
    await rig.revive();
    await rig.say('two');
    await rig.quiet();
    expect(rig.turns).toHaveLength(1);
    expect(sent()).toEqual(['ok', TODAY]);
  });

  it('10,000 messages of one person cost 600 turns at once and 60 a minute; the day ends at midnight', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 23, 23));
    const used = { person: 0, integration: 0, user: 0 };
    const meter = { spent: async () => used };
    const allowance = new Allowance({ clock, meter, userLimits: defaultUserLimits });
    const { integration } = await start({});
    const message = rig.message('hello', { author: by('mallory') });
    const due = { seq: 1, botId: integration.botId, integrationId: integration.id, conversation: 'c1', message };
    const asked: (string | undefined)[] = [];
    for (let n = 0; n < 10_000; n++) {
      const refusal = await allowance.take(due, integration);
      asked.push(refusal ? (refusal.notice ?? 'silence') : undefined);
      // A thousand in a minute.
      await clock.advance(60);
    }
    const count = (what: string | undefined) => asked.filter((each) => each === what).length;
    expect(count(undefined)).toBeLessThanOrEqual(600 + 10 * 60);
    expect(count(TOO_FAST)).toBeLessThanOrEqual(10);
    used.person = 3_000_000;
    expect(await allowance.take(due, integration)).toMatchObject({ notice: TODAY });
    await clock.advance(49 * MINUTE);
    expect(await allowance.take(due, integration)).toEqual({ fate: { kind: 'ignored', reason: 'person_limit' } });
    await clock.advance(2 * MINUTE);
    expect(await allowance.take(due, integration)).toMatchObject({ notice: TODAY });
  });

  it('an owner who wants silence gets it here, too', async () => {
    await start({ errorReply: 'silent', limits: { personTurnsPerMinute: 1 } });
    for (let n = 0; n < 12; n++) await rig.say(`question ${n}`);
    await rig.quiet();
    expect(sent()).toHaveLength(10);
  });

  it('turns under way: the next one waits for one that ends, and a pause ends its waiting', async () => {
    const bot = await start({ limits: { concurrentTurns: 2 } });
    const models = new Map<string, PromiseWithResolvers<string>>();
    rig.respond = ({ message }) => {
      const model = Promise.withResolvers<string>();
      models.set(message.text, model);
      return model.promise;
    };
    for (const text of ['a', 'b', 'c', 'd']) await rig.say(text, { channel: text });
    await rig.quiet();
    expect([...models.keys()]).toEqual(['a', 'b']);
    models.get('a')?.resolve('ok');
    await rig.until(() => models.has('c'));
    expect([...models.keys()]).toEqual(['a', 'b', 'c']);
    await bot.update({ enabled: false });
    await rig.quiet();
    expect(rig.fates()).toMatchObject({ a: 'answered', d: 'ignored:paused' });
    expect(models.has('d')).toBe(false);
  });

  it('turns under way: nobody waits for all that somebody else has asked', async () => {
    await start({ limits: { concurrentTurns: 5 } }, { userLimits: { concurrentTurns: 1 } });
    const first = Promise.withResolvers<string>();
    rig.respond = ({ message }) => (message.text === 'flood 0' ? first.promise : 'ok');
    for (let n = 0; n < 10; n++) await rig.say(`flood ${n}`, { channel: `c${n}`, author: by('mallory') });
    await rig.say('hello', { channel: 'hers', author: by('ada') });
    await rig.quiet();
    first.resolve('ok');
    await rig.until(() => sent().length === 11);
    expect(rig.turns.map(({ message }) => message.text).indexOf('hello')).toBe(2);
  });

  it('of concurrent turns: a user has them for all integrations', async () => {
    await start({}, { userLimits: { concurrentTurns: 1 } });
    const first = Promise.withResolvers<string>();
    rig.respond = ({ message }) => (message.text === 'a' ? first.promise : 'ok');
    await rig.say('a', { channel: 'a' });
    await rig.say('b', { channel: 'b' });
    await rig.quiet();
    expect(rig.turns).toHaveLength(1);
    first.resolve('ok');
    await rig.until(() => sent().length === 2);
  });

  it('F105: a relay that brings our answers back is not answered any more', async () => {
    await start({});
    rig.respond = ({ message }) => `Thank you for telling me. You said: ${message.text.slice(-20)}`;
    for (let n = 0; n < 12; n++) {
      await rig.say(sent().at(-1) ?? 'hello', { id: `relay ${n}`, author: by('relay') });
      await rig.quiet();
    }
    // The first is no echo, and of echoes the fifth is the last one heard.
    expect(fates()).toEqual({ answered: 5, 'ignored:loop': 7 });
    expect(sent()).toHaveLength(5);
    await rig.say('anybody there?', { author: by('ada') });
    await rig.quiet();
    expect(sent()).toHaveLength(6);
  });
});
