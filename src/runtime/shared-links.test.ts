import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ids, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import type { Listening } from '../../test/support/scripted-platform.ts';
import type { SharedLink, SharedPort } from '../core/connector.ts';
import type { Health } from '../core/health.ts';

type State = Omit<Health, 'since'>;
const up: State = { state: 'connected', transport: 'socket' };
const broken: State = { state: 'error', code: 'bad_credentials', transport: 'socket' };

/** A link that is running: the test speaks through its port, and may end it. */
interface Running {
  readonly name: string;
  readonly port: SharedPort;
  end(): void;
}

describe('links that several bots share', { timeout: 30_000 }, () => {
  let rig: Rig;
  let running: Running[];
  let begun: string[];
  let most: number;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
    running = [];
    begun = [];
    most = 0;
  });
  afterEach(() => rig.end());

  const link = (name: string): SharedLink => ({
    run: (port, signal) =>
      new Promise((resolve) => {
        const one: Running = {
          name,
          port,
          end: () => {
            running = running.filter((other) => other !== one);
            resolve();
          },
        };
        begun.push(name);
        running.push(one);
        most = Math.max(most, running.length);
        signal.addEventListener('abort', one.end, { once: true });
      }),
  });

  /** A bot whose receiver takes part in the app's link. */
  async function member(name: string) {
    const bot = await rig.connect(undefined, { identity: `${name}/U1` });
    const listening = rig.platform.listening.at(-1);
    if (!listening) throw new Error('nobody listens');
    return { ...bot, listening, ...join(name, listening) };
  }

  function join(name: string, { port }: Listening) {
    const told: State[] = [];
    const leaving = new AbortController();
    const left = port.join('app', link(name), (state) => told.push(state), leaving.signal);
    const leave = () => {
      leaving.abort();
      return left;
    };
    return { told, leave };
  }

  const only = async (): Promise<Running> => {
    await rig.until(() => running.length === 1);
    return running[0] as Running;
  };

  it('one runs for all, and each hears how it is, also who comes late', async () => {
    const one = await member('T1');
    (await only()).port.report(up);
    const two = await member('T2');
    await rig.quiet();
    expect(one.told).toEqual([up]);
    expect(two.told).toEqual([up]);
    expect(begun).toEqual(['T1']);
    await Promise.all([one.leave(), two.leave()]);
  });

  it('what it hears reaches the bot it names', async () => {
    const one = await member('T1');
    const two = await member('T2');
    const { port } = await only();
    const message = rig.message('hello');
    await port.deliver({ identity: 'T2/U1' }, ({ bot }) => ({
      messages: [{ ...message, text: `for ${bot.identity}` }],
      cursors: [],
    }));
    await rig.until(() => rig.platform.ledger.length === 1);
    expect(rig.platform.ledger).toEqual(['c1: re: for T2/U1']);
    await port.deliver({ identity: 'T9/U9' }, () => ({ messages: [message], cursors: [] }));
    expect(Object.keys(rig.fates())).toHaveLength(1);
    await Promise.all([one.leave(), two.leave()]);
  });

  it('tells when what it heard could not be stored', async () => {
    const one = await member('T1');
    const { port } = await only();
    rig.faults.set('accept', () => Promise.reject(new Error('disk full')));
    const deliver = port.deliver({ identity: 'T1/U1' }, () => ({ messages: [rig.message('hello')], cursors: [] }));
    await expect(deliver).rejects.toThrow('disk full');
    await one.leave();
  });

  it('when the one whose link it is leaves, that of another runs; with the last it ends', async () => {
    const one = await member('T1');
    const two = await member('T2');
    await only();
    await one.leave();
    await rig.until(() => running[0]?.name === 'T2');
    await two.leave();
    expect(running).toEqual([]);
    expect(most).toBe(1);
    const three = await member('T3');
    await only();
    expect(begun).toEqual(['T1', 'T2', 'T3']);
    await three.leave();
  });

  it('what ends with an error is not tried again, but that of the next is', async () => {
    const one = await member('T1');
    const { port, end } = await only();
    port.report(broken);
    end();
    await rig.pass(60_000);
    expect(begun).toEqual(['T1']);
    expect(one.told.at(-1)).toEqual(broken);
    const two = await member('T2');
    (await only()).port.report(up);
    expect(one.told.at(-1)).toEqual(up);
    expect(begun).toEqual(['T1', 'T2']);
    await Promise.all([one.leave(), two.leave()]);
  });

  it('what ends without a word is opened again, ever later', async () => {
    const one = await member('T1');
    for (let times = 1; times <= 3; times++) {
      const { end } = await only();
      end();
      await rig.pass(120_000, () => running.length === 1);
      expect(begun).toHaveLength(times + 1);
    }
    await one.leave();
  });

  it('waits while another node has it, hears what that one says, and takes over when it can', async () => {
    const other = ids.node();
    await rig.store.holdBots(other, 60_000, 0);
    await rig.store.holdLease('chat/app', other, 60_000, { ...up, since: 1 });
    const one = await member('T1');
    await rig.pass(30_000, () => one.told.length > 0);
    expect(one.told).toEqual([up]);
    expect(begun).toEqual([]);
    await rig.store.dropLease('chat/app', other);
    await rig.pass(10_000, () => running.length === 1);
    expect(begun).toEqual(['T1']);
    await one.leave();
    expect(await rig.store.holdLease('chat/app', other, 60_000, undefined)).toMatchObject({ held: true });
  });

  it('hears of an interruption on another node that was over before it looked, and of none that was not', async () => {
    const other = ids.node();
    await rig.store.holdBots(other, 60_000, 0);
    await rig.store.holdLease('chat/app', other, 60_000, { ...up, since: 1 });
    const one = await member('T1');
    await rig.pass(30_000, () => one.told.length > 0);
    await rig.pass(10_000);
    expect(one.told).toEqual([up]);
    await rig.store.holdLease('chat/app', other, 60_000, { ...up, since: 2 });
    await rig.pass(10_000, () => one.told.length > 1);
    await rig.pass(10_000);
    expect(one.told).toMatchObject([up, { state: 'reconnecting', code: 'interrupted', transport: 'socket' }, up]);
    await one.leave();
  });

  it('gives way when another node has it by now', async () => {
    const one = await member('T1');
    await only();
    const other = ids.node();
    await rig.store.holdBots(other, 60_000, 0);
    rig.faults.set('holdLease', async () => ({ held: false, health: { ...up, since: 1 } }));
    await rig.pass(30_000, () => running.length === 0);
    expect(running).toEqual([]);
    expect(one.told.at(-1)).toEqual(up);
    await one.leave();
  });
});
