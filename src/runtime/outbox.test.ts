import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import {
  arrives,
  arrivesUnseen,
  limited,
  lost,
  notSent,
  refused,
  unauthorized,
} from '../../test/support/scripted-platform.ts';

describe('sending', { timeout: 30_000 }, () => {
  let rig: Rig;
  let bot: Connected;
  const start = async (prepare: (rig: Rig) => void = () => {}) => {
    rig = await startRig();
    prepare(rig);
    await rig.begin();
    bot = await rig.connect();
  };
  beforeEach(() => start());
  afterEach(() => rig.end());
  /** The platform of these tests can look up what it holds: senders are made at the start. */
  const startAgain = async (prepare: (rig: Rig) => void) => {
    await rig.end();
    await start(prepare);
  };
  const sent = () => rig.platform.ledger.map((line) => line.slice(4));
  const parts = (columns: string) =>
    rig.query(`select ${columns} from deliveries order by inbox_seq, idx`).map((row) => ({ ...row }));

  it('waits as the platform asks, and the store knows that it was surely not sent', async () => {
    rig.platform.script.push(notSent('server_error', 5_000));
    await rig.say('one');
    await rig.quiet();
    expect(parts('state, attempts, next_attempt_at')).toEqual([
      { state: 'pending', attempts: 1, next_attempt_at: rig.clock.now() + 5_000 },
    ]);
    await rig.pass(4_999);
    expect(rig.platform.calls).toHaveLength(1);
    await rig.pass(1);
    expect(sent()).toEqual(['re: one']);
    expect(rig.fates()).toEqual({ one: 'answered' });
  });

  it('sends an ambiguous part once more, says so, and then admits that it does not know', async () => {
    rig.platform.script.push(arrivesUnseen(rig.platform), arrives);
    await rig.say('twice');
    await rig.pass(10_000);
    expect(sent()).toEqual(['re: twice', 're: twice']);
    expect(parts('state, maybe_duplicate')).toEqual([{ state: 'delivered', maybe_duplicate: 1 }]);
    rig.platform.script.push(lost, lost);
    await rig.say('never');
    await rig.say('after');
    await rig.pass(20_000);
    expect(rig.fates()).toEqual({ twice: 'answered', never: 'failed:unconfirmed', after: 'answered' });
    expect(rig.platform.calls).toHaveLength(5);
  });

  it('repeats a repeat that a crash cut off, but not for ever', async () => {
    const hang = () => new Promise<never>(() => {});
    rig.platform.script.push(hang);
    await rig.say('unlucky');
    for (let crashes = 1; crashes <= 4; crashes++) {
      await rig.until(() => rig.platform.calls.length === crashes);
      await rig.kill();
      rig.platform.script.push(hang);
      await rig.revive();
    }
    await rig.until(() => rig.platform.calls.length === 5);
    await rig.kill();
    await rig.revive();
    await rig.until(() => rig.fates()['unlucky'] === 'failed:unconfirmed');
    expect(rig.platform.calls).toHaveLength(5);
  });

  it.each([
    ['sent', 'answered', 1, 0],
    ['not_sent', 'answered', 2, 0],
    ['unknown', 'answered', 2, 1],
  ] as const)('where the platform can be asked and says %s: %s', async (kind, fate, calls, duplicate) => {
    await startAgain(({ platform }) => {
      platform.lookUp = () => (kind === 'sent' ? { kind, messageId: 'found' } : { kind });
    });
    rig.platform.script.push(lost);
    await rig.say('q');
    await rig.pass(10_000);
    expect(rig.fates()).toEqual({ q: fate });
    expect(rig.platform.calls).toHaveLength(calls);
    expect(parts('maybe_duplicate')).toEqual([{ maybe_duplicate: duplicate }]);
  });

  it('does not repeat for ever what the platform loses each time', async () => {
    await startAgain(({ platform }) => {
      platform.lookUp = () => ({ kind: 'not_sent' });
    });
    rig.platform.always = (call) => (call.text === 're: lost' ? lost() : arrives());
    await rig.say('lost');
    await rig.say('next');
    await rig.pass(120_000);
    expect(rig.fates()).toEqual({ lost: 'failed:connection_lost', next: 'answered' });
    expect(rig.platform.calls).toHaveLength(6);
  });

  it('waits for a platform that takes sends and says nothing, but not for ever', async () => {
    await startAgain(({ platform }) => {
      platform.lookUp = () => ({ kind: 'not_sent' });
    });
    const silent = { kind: 'retry', delivered: 'unknown', reason: 'timeout' } as const;
    rig.platform.always = (call) => (call.text === 're: lost' ? { ok: false, failure: silent } : arrives());
    await rig.say('lost');
    await rig.say('next');
    await rig.pass(5 * 60_000);
    expect(rig.fates()).toEqual({ lost: 'open', next: 'open' });
    await rig.pass(10 * 60_000);
    expect(rig.fates()).toEqual({ lost: 'failed:timeout', next: 'answered' });
  });

  it('survives a look-up that throws', async () => {
    await startAgain(({ platform }) => {
      platform.lookUp = () => Promise.reject(new Error('bug'));
    });
    rig.platform.script.push(lost);
    await rig.say('q');
    await rig.pass(10_000);
    expect(rig.fates()).toEqual({ q: 'answered' });
  });

  it('F096: parts that take differently long arrive in order, and other conversations do not wait for them', async () => {
    const texts = ['a', 'b', 'c', 'd', 'e', 'f'];
    const takes = [900, 20, 700, 5, 300, 1];
    rig.respond = (turn) => (turn.message.text === 'long' ? texts.join('|') : 'short');
    rig.platform.always = async ({ text }) => {
      await rig.clock.sleep(takes[texts.indexOf(text)] ?? 0);
      return arrives();
    };
    await rig.say('long');
    await rig.say('elsewhere', { channel: 'c2' });
    await rig.pass(5_000);
    expect(rig.platform.ledger.filter((line) => line.startsWith('c1'))).toEqual(texts.map((text) => `c1: ${text}`));
    expect(rig.platform.ledger[0]).toBe('c2: short');
  });

  it('lets other conversations go on while one is limited', async () => {
    rig.platform.script.push(limited(30_000, 'conversation'));
    await rig.say('one');
    await rig.quiet();
    await rig.say('two');
    await rig.say('other', { channel: 'c2' });
    await rig.quiet();
    expect(sent()).toEqual(['re: other']);
    await rig.pass(30_000);
    expect(sent()).toEqual(['re: other', 're: one', 're: two']);
  });

  it('keeps everything back while the credential is limited, and asks no model meanwhile', async () => {
    rig.platform.script.push(limited(30_000, 'credential'));
    await rig.say('one');
    await rig.quiet();
    await rig.say('other', { channel: 'c2' });
    await rig.pass(29_999);
    expect(rig.platform.calls).toHaveLength(1);
    expect(rig.turns).toHaveLength(1);
    await rig.pass(1_000);
    expect(sent().sort()).toEqual(['re: one', 're: other']);
  });

  it('a wall clock that jumps back makes nobody wait longer', async () => {
    rig.platform.script.push(limited(2_000, 'conversation'));
    await rig.say('one');
    await rig.quiet();
    const { now } = rig.clock;
    Object.assign(rig.clock, { now: () => now() - 3_600_000 });
    await rig.pass(2_000);
    expect(sent()).toEqual(['re: one']);
  });

  it.each([
    ['gone', 'blocked'],
    ['rejected', 'too_long'],
  ] as const)('F054: %s ends the answer and no other', async (kind, reason) => {
    rig.respond = (turn) => (turn.message.text === 'one' ? 'a|b|c' : 'fine');
    rig.platform.script.push(arrives, refused(kind, reason));
    await rig.say('one');
    await rig.say('two');
    await rig.until(() => sent().includes('fine'));
    await rig.quiet();
    expect(sent()).toEqual(['a', 'fine']);
    expect(parts('state')).toEqual([
      { state: 'delivered' },
      { state: 'failed' },
      { state: 'failed' },
      { state: 'delivered' },
    ]);
    expect(rig.fates()).toEqual({ one: `failed:${reason}`, two: 'answered' });
  });

  it('stops calling with a refused credential, says so, and goes on with the new one', async () => {
    rig.platform.always = (call) => (call.token === 'good' ? unauthorized() : arrives());
    await rig.say('one');
    await rig.say('other', { channel: 'c2' });
    await rig.until(() => rig.platform.listening.length === 0);
    await rig.pass(60_000);
    expect(rig.platform.calls.length).toBeLessThanOrEqual(3);
    expect(rig.health()).toMatchObject({ state: 'error', code: 'bad_credentials' });
    expect(new Set(parts('state').map((row) => JSON.stringify(row)))).toEqual(new Set(['{"state":"pending"}']));
    const verified = { identity: 'bot1', profile: {}, claims: [''], notices: [] };
    await bot.update({ verified: { ...verified, credential: { bot_token: 'new' } } });
    await rig.until(() => sent().length === 2);
    await rig.quiet();
    expect(rig.fates()).toEqual({ one: 'answered', other: 'answered' });
    expect(parts('maybe_duplicate')).toEqual([{ maybe_duplicate: 0 }, { maybe_duplicate: 0 }]);
    expect((await rig.receiver()).token).toBe('new');
  });

  it('a refusal of the old credential that comes late does not condemn the new one', async () => {
    const late = Promise.withResolvers<void>();
    rig.platform.script.push(async () => {
      await late.promise;
      return unauthorized();
    });
    await rig.say('one');
    await rig.until(() => rig.platform.calls.length === 1);
    const verified = { identity: 'bot1', profile: {}, claims: [''], notices: [] };
    await bot.update({ verified: { ...verified, credential: { bot_token: 'new' } } });
    late.resolve();
    await rig.until(() => sent().length === 1);
    expect(rig.platform.calls.map((call) => call.token)).toEqual(['good', 'new']);
    await rig.quiet();
    expect(rig.platform.listening).toHaveLength(1);
  });

  it('takes a sender that throws for an unknown outcome', async () => {
    rig.platform.script.push(() => {
      throw new Error('bug');
    });
    await rig.say('one');
    await rig.pass(5_000);
    expect(rig.fates()).toEqual({ one: 'answered' });
    expect(parts('maybe_duplicate')).toEqual([{ maybe_duplicate: 1 }]);
  });

  it('gives a poisonous payload up after five attempts, and answers what follows', async () => {
    rig.platform.always = (call) => (call.text === 're: poison' ? notSent()() : arrives());
    await rig.say('poison');
    await rig.say('next');
    await rig.pass(120_000);
    expect(rig.fates()).toEqual({ poison: 'failed:server_error', next: 'answered' });
    expect(rig.platform.calls).toHaveLength(6);
  });

  it('an unreachable platform is waited for', async () => {
    for (let time = 0; time < 8; time++) rig.platform.script.push(notSent('unreachable', 60_000));
    await rig.say('one');
    await rig.pass(8 * 60_000);
    expect(rig.fates()).toEqual({ one: 'answered' });
  });

  it('stores once what arrived while the store was away, and repeats nothing', async () => {
    rig.respond = () => 'a|b';
    const away = () => Promise.reject(new Error('store away'));
    rig.faults.set('compose', away).set('settle', away);
    await rig.say('one');
    await rig.pass(30_000);
    expect(rig.platform.calls).toHaveLength(0);
    rig.faults.delete('compose');
    await rig.pass(30_000);
    expect(sent()).toEqual(['a']);
    expect(rig.fates()).toEqual({ one: 'open' });
    rig.faults.set('settle', async (call) => {
      await call();
      rig.faults.delete('settle');
      throw new Error('the reply was lost');
    });
    await rig.pass(30_000);
    expect(sent()).toEqual(['a', 'b']);
    expect(rig.fates()).toEqual({ one: 'answered' });
  });

  it('a channel that moves takes its settings along, also when the store is away', async () => {
    const listed = await rig.connect(['old'], { identity: 'bot2', token: 'second' });
    await rig.until(() => rig.platform.listening.length === 2);
    rig.platform.script.push(() => ({ ok: true, messageId: '', movedTo: 'new' }));
    rig.faults.set('moveChannel', () => {
      rig.faults.delete('moveChannel');
      return Promise.reject(new Error('store away'));
    });
    await rig.say('one', { channel: 'old' });
    await rig.pass(5_000, () => rig.log.some((line) => line.event === 'channel_moved'));
    await rig.say('two', { channel: 'new' });
    await rig.until(() => sent().length === 2);
    await rig.quiet();
    expect(rig.fates()).toEqual({ one: 'answered', two: 'answered' });
    expect(rig.query(`select settings from integrations where id = '${listed.id}'`)[0]?.['settings']).toContain('new');
    expect(rig.platform.calls).toHaveLength(2);
  });
});
