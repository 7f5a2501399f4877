import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CHANNEL,
  FORUM,
  type GatewayRig,
  GUILD,
  gatewayRig,
  said,
  states,
  until,
} from '../../../test/support/gateway-rig.ts';
import { hello } from '../../../test/support/scripted-gateway.ts';
import type { Integration } from '../../core/integration.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { judge } from '../../core/policy.ts';

const THREAD = '1200000000000000004';
let there: GatewayRig;
beforeEach(async () => {
  there = await gatewayRig();
});
afterEach(() => there.end());

describe('a new link', () => {
  it('asks where to go, identifies, stores its session and says that it is connected', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.calls).toEqual(['/v10/gateway/bot']);
    expect(there.callers[0]?.url).toBe('/?v=10&encoding=json');
    expect(there.callers[0]?.frames[0]).toMatchObject({ op: 2, d: { token: 'secret', intents: 33281 } });
    expect(states(link.health)).toEqual(['connecting', 'connected']);
    expect(JSON.parse(link.cursors.get('session') ?? '')).toMatchObject({ session_id: 's1', seq: 1 });
  });

  it('asks for direct messages only where they are wanted, and anew when that changes', async () => {
    there.heard = there.polite;
    const link = there.start({ settings: { direct_messages: true } });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.callers[0]?.frames[0]?.d).toMatchObject({ intents: 37377 });
    link.routes.splice(0, 1, { settings: { guild_id: GUILD, channel_ids: [CHANNEL] } } as unknown as Integration);
    there.callers[0]?.send(said(2, '100'));
    await until(() => there.callers[1]?.frames[0] !== undefined);
    expect(there.callers[1]?.frames[0]).toMatchObject({ op: 2, d: { intents: 33281 } });
    expect(link.heard.map(({ id }) => id)).toEqual(['100']);
  });

  it('stores what came at once in one transaction, in order, with its sequence', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    for (const [s, id] of [
      [2, '100'],
      [3, '101'],
      [5, '102'],
    ] as const)
      caller?.send(said(s, id));
    caller?.send({ op: 0, t: 'PRESENCE_UPDATE', s: 6, d: { huge: true } });
    caller?.send({ op: 0, t: 'NEVER_HEARD_OF', s: 7, d: 'x' });
    await until(() => link.heard.length === 3);
    expect(link.heard.map(({ id }) => id)).toEqual(['100', '101', '102']);
    expect(link.commits.length).toBeLessThanOrEqual(4);
    await link.stop();
    expect(link.commits.at(-1)?.seq).toBe(7);
    await until(() => caller?.code !== undefined);
    expect(caller?.code).toBe(4000);
  });

  it('does not store for what nobody listens to, nor for its own words', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send(said(2, '100', { author: { id: there.self, bot: true } }));
    caller?.send(said(3, '101', { channel_id: '1200000000000000077' }));
    caller?.send(said(4, '102'));
    await until(() => link.heard.some(({ id }) => id === '102'));
    expect(link.heard.map(({ id }) => id)).toEqual(['101', '102']);
    expect(link.commits.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq)).toEqual([1, 4]);
  });

  it('knows the channel of a thread: told, asked once, or listed itself', async () => {
    there.heard = there.polite;
    const { answer } = there;
    there.answer = (path) =>
      path.startsWith('/v10/channels/') ? [200, { id: path.slice(14), type: 11, parent_id: FORUM }] : answer(path);
    const link = there.start({ settings: { channel_ids: [FORUM, '1200000000000000066'] } });
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send({ op: 0, t: 'THREAD_CREATE', s: 2, d: { id: THREAD, type: 11, parent_id: FORUM, guild_id: GUILD } });
    const inside = (s: number, id: string, channel_id: string) => said(s, id, { channel_id, channel_type: 11 });
    caller?.send(inside(3, '100', THREAD));
    caller?.send(inside(4, '101', '1200000000000000055'));
    caller?.send(inside(5, '102', '1200000000000000055'));
    caller?.send(inside(6, '103', '1200000000000000066'));
    await until(() => link.heard.length === 4);
    expect(link.heard.map(({ at }) => at)).toEqual([
      { scope: GUILD, channel: FORUM, thread: THREAD },
      { scope: GUILD, channel: FORUM, thread: '1200000000000000055' },
      { scope: GUILD, channel: FORUM, thread: '1200000000000000055' },
      { scope: GUILD, channel: '1200000000000000066' },
    ]);
    expect(there.calls.filter((path) => path.includes('/channels/'))).toHaveLength(1);
  });

  it('takes a mention of its own role for a mention', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const roles = [{ id: '31', tags: { bot_id: there.self } }, { id: '32' }];
    there.callers[0]?.send({ op: 0, t: 'GUILD_CREATE', s: 2, d: { id: GUILD, roles, threads: [] } });
    there.callers[0]?.send(said(3, '100', { mention_roles: ['31'], content: '<@&31> hello' }));
    there.callers[0]?.send(said(4, '101', { mention_roles: ['32'], content: '<@&32> hello' }));
    await until(() => link.heard.length === 2);
    expect(link.heard.map(({ addressed, text }) => [addressed, text])).toEqual([
      [true, 'hello'],
      [false, '<@&32> hello'],
    ]);
  });
});

describe('words that are not there', () => {
  it('F039: an intent without words is told to the operator once, and nobody is asked to answer nothing', async () => {
    there.heard = there.polite;
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (event) => void warned.push(event), child: () => log };
    const link = there.start({ log });
    await until(() => link.health.at(-1)?.state === 'connected');
    const picture = { content: '', attachments: [{ id: '1', filename: 'cat.png' }] };
    there.callers[0]?.send(said(2, '100', picture));
    there.callers[0]?.send(said(3, '101'));
    await until(() => link.heard.some(({ id }) => id === '101'));
    expect(warned).toEqual([]);
    for (const s of [4, 5, 6]) there.callers[0]?.send(said(s, String(100 + s), { content: '' }));
    there.callers[0]?.send(said(7, '107'));
    await until(() => link.heard.some(({ id }) => id === '107'));
    expect(warned).toEqual(['message_without_content']);
    const route = { enabled: true, autoRespond: true };
    const turns = link.heard.filter((message) => judge(message, route, message.sentAt, false) === null);
    expect(turns.map(({ id }) => id)).toEqual(['101', '107']);
  });
});

describe('heartbeats', () => {
  it('confirm only what has been stored', async () => {
    there.met = (caller) => caller.send(hello(100));
    there.heard = there.polite;
    const store = Promise.withResolvers<void>();
    const link = there.start({ accept: (messages) => (messages.length > 0 ? store.promise : Promise.resolve()) });
    await until(() => link.health.at(-1)?.state === 'connected');
    const beats = () => there.callers[0]?.frames.filter(({ op }) => op === 1).map(({ d }) => d) ?? [];
    there.callers[0]?.send(said(2, '100'));
    const before = beats().length;
    await until(() => beats().length >= before + 2);
    expect(beats()).not.toContain(2);
    store.resolve();
    await until(() => beats().includes(2));
  });

  it('answer when asked', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send({ op: 1, d: null });
    await until(() => there.callers[0]?.frames.some(({ op }) => op === 1) === true);
  });

  it('F031: find a dead link, which is left without ending the session, and the new one starts afresh', async () => {
    there.met = (caller, index) => caller.send(hello(index === 0 ? 300 : 45_000));
    there.heard = (caller, frame) => {
      there.polite(caller, frame);
      return caller === there.callers[0];
    };
    const link = there.start();
    await until(() => there.callers.length === 2 && link.health.at(-1)?.state === 'connected');
    expect(there.callers[0]?.code).toBe(4000);
    expect(there.greetings()).toEqual([2, 6]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(there.callers).toHaveLength(2);
  });
});

describe('a slow store', () => {
  it('makes the platform wait; nothing is lost, and the link is not taken for dead', async () => {
    there.met = (caller) => caller.send(hello(300));
    there.heard = there.polite;
    const store = Promise.withResolvers<void>();
    const link = there.start({ accept: (messages) => (messages.length > 0 ? store.promise : Promise.resolve()) });
    await until(() => link.health.at(-1)?.state === 'connected');
    const ids = Array.from({ length: 3_000 }, (_, index) => String(1_000 + index));
    for (const [index, id] of ids.entries()) there.callers[0]?.send(said(index + 2, id));
    // Three times as long as an acknowledgement may take.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(link.heard).toHaveLength(0);
    store.resolve();
    await until(() => link.heard.length === ids.length);
    expect(link.heard.map(({ id }) => id)).toEqual(ids);
    expect(there.callers).toHaveLength(1);
    expect(link.commits.length).toBeLessThan(100);
  });
});
