import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, ids, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import { arrives, arrivesUnseen, limited, notSent } from '../../test/support/scripted-platform.ts';

const away = () => Promise.reject(new Error('store away'));

describe('ownership and restarts', { timeout: 30_000 }, () => {
  let rig: Rig;
  let bot: Connected;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
    bot = await rig.connect();
  });
  afterEach(() => rig.end());
  const sent = () => rig.platform.ledger.map((line) => line.slice(4));
  const hangs = () => new Promise<string>(() => {});
  const quickly = (turn: { message: { text: string } }) => `re: ${turn.message.text}`;

  it('a restart resumes waiting turns in order, each once', async () => {
    rig.respond = hangs;
    for (const text of ['one', 'two', 'three']) await rig.say(text);
    await rig.until(() => rig.turns.length === 1);
    await rig.kill();
    rig.respond = quickly;
    await rig.revive();
    await rig.until(() => sent().length === 3);
    await rig.quiet();
    expect(sent()).toEqual(['re: one', 're: two', 're: three']);
    expect(rig.fates()).toEqual({ one: 'answered', two: 'answered', three: 'answered' });
  });

  it('a restart between parts goes on with the next, in the order of the conversation', async () => {
    rig.respond = (turn) => (turn.message.text === 'one' ? 'a|b|c' : 're: two');
    rig.platform.script.push(arrives, notSent('server_error', 60_000));
    await rig.say('one');
    await rig.until(() => rig.platform.calls.length === 2);
    await rig.say('two');
    await rig.quiet();
    await rig.kill();
    await rig.revive();
    await rig.pass(59_000);
    expect(sent()).toEqual(['a']);
    await rig.pass(2_000);
    expect(sent()).toEqual(['a', 'b', 'c', 're: two']);
    expect(rig.query('select max(maybe_duplicate) as most from deliveries')[0]?.['most']).toBe(0);
  });

  it('a restart in the middle of a send repeats that part at most once and marks it', async () => {
    rig.respond = () => 'a|b';
    rig.platform.script.push(arrives, (call) => {
      arrivesUnseen(rig.platform)(call);
      return new Promise(() => {});
    });
    await rig.say('one');
    await rig.until(() => rig.platform.calls.length === 2);
    await rig.kill();
    await rig.revive();
    await rig.until(() => sent().length === 3);
    await rig.quiet();
    expect(sent()).toEqual(['a', 'b', 'b']);
    expect(
      rig.query('select maybe_duplicate from deliveries order by idx').map((row) => row['maybe_duplicate']),
    ).toEqual([0, 1]);
    expect(rig.fates()).toEqual({ one: 'answered' });
  });

  it('a graceful stop lets a running turn end', async () => {
    const slow = Promise.withResolvers<string>();
    rig.respond = () => slow.promise;
    await rig.say('one');
    await rig.say('two');
    await rig.until(() => rig.turns.length === 1);
    const stopped = rig.runtime.stop(10_000);
    await rig.until(() => rig.platform.listening.length === 0);
    slow.resolve('done');
    await stopped;
    expect(sent()).toEqual(['done']);
    expect(rig.fates()).toEqual({ one: 'answered', two: 'open' });
    expect(rig.query('select owner from bots')).toEqual([{ owner: null }]);
  });

  it('beyond the grace it is cut, and resumed by the next server', async () => {
    rig.respond = (_turn, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await rig.say('one');
    await rig.until(() => rig.turns.length === 1);
    const stopped = rig.runtime.stop(10_000);
    await rig.pass(10_000);
    await stopped;
    expect(rig.fates()).toEqual({ one: 'open' });
    rig.respond = quickly;
    await rig.kill();
    await rig.revive();
    await rig.until(() => sent().length === 1);
  });

  it('stops although receiver, sender and responder do not heed it, and the store is away', async () => {
    rig.platform.deafToStop = true;
    await rig.connect(undefined, { identity: 'bot2', token: 'second' });
    await rig.until(() => rig.platform.listening.length === 2);
    rig.platform.script.push(() => new Promise(() => {}));
    await rig.say('sent', { channel: 'c2' });
    await rig.until(() => rig.platform.calls.length === 1);
    rig.respond = hangs;
    await rig.say('asked');
    await rig.until(() => rig.turns.length === 2);
    const [one] = rig.platform.listening;
    rig.faults.set('reportHealth', away);
    one?.port.report({ state: 'reconnecting', transport: 'polling' });
    const stopped = rig.runtime.stop(1_000);
    await rig.pass(20_000);
    await stopped;
    await expect(one?.port.accept([rig.message('late')], [])).rejects.toThrow('closed');
    expect(rig.fates()).toEqual({ sent: 'open', asked: 'open' });
  });

  it('sends nothing while the lease has lapsed, and goes on when it is renewed', async () => {
    rig.platform.script.push(limited(20_000, 'conversation'));
    await rig.say('one');
    await rig.quiet();
    rig.faults.set('holdBots', away);
    await rig.pass(15_000);
    await rig.say('other', { channel: 'c2' });
    await rig.pass(15_000);
    expect(rig.platform.calls).toHaveLength(1);
    expect(rig.turns).toHaveLength(1);
    rig.faults.delete('holdBots');
    await rig.pass(2_000);
    expect(sent().sort()).toEqual(['re: one', 're: other']);
  });

  it('what another node has taken over commits and sends nothing more here', async () => {
    const slow = Promise.withResolvers<string>();
    rig.respond = () => slow.promise;
    await rig.say('one');
    await rig.until(() => rig.turns.length === 1);
    const { port } = await rig.receiver();
    rig.faults.set('holdBots', away);
    // Every heartbeat is older than one that is yet to come.
    const taken = await rig.store.takeBot(ids.node(), -1_000, bot.integration.botId);
    expect(taken?.epoch).toBeGreaterThan(1);
    slow.resolve('too late');
    await expect(port.accept([rig.message('two')], [])).rejects.toThrow('another node');
    await rig.until(() => rig.platform.listening.length === 0);
    await rig.pass(5_000);
    expect(rig.platform.calls).toHaveLength(0);
    expect(rig.fates()).toEqual({ one: 'open' });
  });
});
