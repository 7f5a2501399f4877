import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './apps.ts';
import type { ChannelHandle } from './handles.ts';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';
import { call, closeSockets, connect, Socket } from './test-client.ts';

let simulator: SlackSimulator;
let bot: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startSlackSimulator({ limits: false });
  bot = simulator.createBot({ socketMode: true });
  channel = simulator.channel({ members: [bot] });
});
afterEach(async () => {
  closeSockets();
  await simulator.close();
});

const acked = () =>
  simulator.waitFor(({ events }) => events.length > 0 && events.every((it) => it.outcome === 'acked'));

test('hello, an envelope, its acknowledgement', async () => {
  const { socket, hello } = await connect(simulator, bot.appToken);
  expect(hello).toMatchObject({
    num_connections: 1,
    connection_info: { app_id: bot.appId },
    debug_info: { approximate_connection_time: 3600 },
  });
  const { ts } = channel.say('hello');
  const envelope = await socket.next('events_api');
  expect(envelope).toMatchObject({
    accepts_response_payload: false,
    retry_attempt: 0,
    payload: {
      type: 'event_callback',
      team_id: bot.teamId,
      api_app_id: bot.appId,
      authorizations: [{ team_id: bot.teamId, user_id: bot.id, is_bot: true }],
      event: { type: 'message', channel: channel.id, channel_type: 'channel', ts, user: channel.speaker.id },
    },
  });
  socket.ack(envelope);
  await acked();
  expect(simulator.acknowledged()).toEqual(['hello']);
  socket.ack(envelope);
  socket.send({ envelope_id: 'nobody' });
  socket.send({ hello: 1 });
  await simulator.waitFor(({ counts }) => counts.protocol_errors === 1);
  expect(simulator.ledger.counts).toMatchObject({ acks: 1, double_acks: 1, unknown_acks: 1, late_acks: 0 });
});

test('a mention in a channel is two events, in a direct message one', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  channel.say('hello', { mention: bot });
  const pair = [await socket.next('events_api'), await socket.next('events_api')];
  expect(pair.map((it) => it.payload.event.type)).toEqual(['message', 'app_mention']);
  expect(pair[0].payload.event.ts).toBe(pair[1].payload.event.ts);
  expect(pair[0].payload.event_id).not.toBe(pair[1].payload.event_id);
  simulator.dm(bot).say('hello', { mention: bot });
  expect((await socket.next('events_api')).payload.event).toMatchObject({ type: 'message', channel_type: 'im' });
  expect(simulator.ledger.counts.events).toBe(3);
});

test('what is no speech: edits, previews, deletions, joins', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  const { ts } = channel.say('one');
  await socket.next('events_api');
  channel.edit(ts, 'two');
  channel.unfurl(ts);
  channel.delete(ts);
  channel.join(simulator.createPerson('bob'));
  const kinds: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const { event } = (await socket.next('events_api')).payload;
    kinds.push([event.type, event.subtype, event.message?.text]);
    expect(event.ts).not.toBe(ts);
  }
  expect(kinds).toEqual([
    ['message', 'message_changed', 'two'],
    ['message', 'message_changed', 'two'],
    ['message', 'message_deleted', undefined],
    ['message', 'channel_join', undefined],
    ['member_joined_channel', undefined, undefined],
  ]);
});

test('each envelope goes to one socket, in turn', async () => {
  const { socket: a } = await connect(simulator, bot.appToken);
  const { socket: b, hello } = await connect(simulator, bot.appToken);
  expect(hello.num_connections).toBe(2);
  for (let i = 0; i < 4; i++) channel.say(String(i));
  const heard = async (socket: Socket) => (await socket.next('events_api')).payload.event.text;
  expect([await heard(a), await heard(b), await heard(a), await heard(b)]).toEqual(['0', '1', '2', '3']);
  expect(simulator.ledger.counts).toMatchObject({ max_sockets: 2, deliveries: 4 });
});

test('not acknowledged within 3 s: again at once, after one and after five minutes, then never', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  channel.say('hello');
  const seen = [];
  for (const wait of [0, 60_000, 300_000]) {
    seen.push(await socket.next('events_api'));
    simulator.advance(3000);
    if (wait > 0) simulator.advance(wait);
  }
  const last = await socket.next('events_api');
  expect([...seen, last].map((it) => it.retry_attempt)).toEqual([0, 1, 2, 3]);
  expect(last.retry_reason).toBe('http_timeout');
  expect(last.payload.event_id).toBe(seen[0].payload.event_id);
  simulator.advance(3000);
  expect(simulator.ledger.events[0]).toMatchObject({ outcome: 'lost', attempts: { length: 4 } });
  socket.ack(seen[0]);
  await simulator.waitFor(({ counts }) => counts.late_acks === 1);
});

test('a socket that ends gives what it had to the next one', async () => {
  const { socket: a } = await connect(simulator, bot.appToken);
  channel.say('hello');
  await a.next('events_api');
  const { socket: b } = await connect(simulator, bot.appToken);
  a.socket.terminate();
  const again = await b.next('events_api');
  expect(again).toMatchObject({
    retry_attempt: 1,
    retry_reason: 'connection_failed',
    payload: { event: { text: 'hello' } },
  });
  b.ack(again);
  await acked();
});

test('an acknowledgement on the wrong socket does not count', async () => {
  const { socket: a } = await connect(simulator, bot.appToken);
  const { socket: b } = await connect(simulator, bot.appToken);
  channel.say('hello');
  b.ack(await a.next('events_api'));
  await simulator.waitFor(({ counts }) => counts.misdirected_acks === 1);
  expect(simulator.ledger.events[0]?.outcome).toBe('pending');
});

test('a warning leaves ten seconds; the lifetime ends with one', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  simulator.advance(3_590_000);
  expect(await socket.next('disconnect')).toMatchObject({ reason: 'warning' });
  simulator.advance(9000);
  channel.say('still');
  await socket.next('events_api');
  expect(simulator.sockets(bot.app)).toHaveLength(1);
  simulator.advance(1000);
  expect(await socket.next('disconnect')).toMatchObject({ reason: 'refresh_requested' });
  await socket.closed;
  expect(simulator.ledger.sockets).toMatchObject([{ closed_by: 'server' }]);
});

test('Socket Mode switched off: told, closed, and no new address', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  simulator.setSocketMode(bot.app, false);
  expect(await socket.next('disconnect')).toMatchObject({ reason: 'link_disabled' });
  await socket.closed;
  expect((await call(simulator, bot.appToken, 'apps.connections.open')).body.error).toBe('forbidden_team');
});

test('a ticket works once; ten sockets and no more; a scope is needed', async () => {
  const { url } = (await call(simulator, bot.appToken, 'apps.connections.open')).body;
  await new Socket(url).next('hello');
  await expect(new Socket(url).next('hello')).rejects.toThrow('1006');
  expect(simulator.ledger.counts.bad_tickets).toBe(1);
  simulator.addGhosts(bot.app, 9);
  const { url: next } = (await call(simulator, bot.appToken, 'apps.connections.open')).body;
  expect(await new Socket(next).next('disconnect')).toMatchObject({ reason: 'too_many_websockets' });
  const bare = simulator.appToken(bot.app, []);
  expect((await call(simulator, bare, 'apps.connections.open')).body.error).toBe('missing_scope');
});

test('ghosts and deaf sockets swallow their turn; a retry may find another', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  simulator.addGhosts(bot.app, 1);
  channel.say('0');
  channel.say('1');
  expect((await socket.next('events_api')).payload.event.text).toBe('0');
  simulator.deafen(bot.app);
  channel.say('2');
  simulator.removeGhosts();
  simulator.deafen(bot.app, false);
  simulator.advance(3000);
  expect((await socket.next('events_api')).payload.event.text).toBe('0');
  expect((await socket.next('events_api')).payload.event.text).toBe('1');
  expect((await socket.next('events_api')).payload.event.text).toBe('2');
});

test('pings are counted with their answers, and stop when told', async () => {
  simulator.set({ pingInterval: 1000 });
  await connect(simulator, bot.appToken);
  simulator.advance(1000);
  await simulator.waitFor(({ sockets }) => sockets[0]?.pongs === 1);
  simulator.silence();
  simulator.advance(1000);
  expect(simulator.ledger.sockets[0]?.pings).toBe(1);
});

test('a frozen socket reads nothing until it thaws', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  const { socket: other } = await connect(simulator, bot.appToken);
  channel.say('hello');
  const envelope = await socket.next('events_api');
  simulator.sockets(bot.app)[0]?.freeze(true);
  socket.ack(envelope);
  // What is sent later elsewhere arrives, and this has not.
  other.send({ envelope_id: 'nobody' });
  await simulator.waitFor(({ counts }) => counts.unknown_acks === 1);
  expect((await call(simulator, bot.token, 'auth.test')).body.ok).toBe(true);
  expect(simulator.ledger.events[0]?.outcome).toBe('pending');
  simulator.freeze(bot.app, false);
  await acked();
});

test('refused upgrades, foreign addresses', async () => {
  simulator.set({ socketsRefused: true });
  await expect(connect(simulator, bot.appToken)).rejects.toThrow('1006');
  simulator.set({ socketsRefused: false, socketUrl: 'wss://evil.example/link' });
  expect((await call(simulator, bot.appToken, 'apps.connections.open')).body.url).toMatch(/^wss:\/\/evil\.example\//);
});

test('one app in two workspaces: one socket hears both, each with its own bot', async () => {
  const other = simulator.install(bot.app, simulator.createWorkspace({ name: 'Other' }));
  const there = simulator.channel({ members: [other] });
  const { socket } = await connect(simulator, bot.appToken);
  channel.say('here');
  there.say('there');
  const teams = [await socket.next('events_api'), await socket.next('events_api')].map((it) => it.payload);
  expect(teams.map((it) => it.team_id)).toEqual([bot.teamId, other.teamId]);
  expect(teams[1].authorizations[0].user_id).toBe(other.id);
});

test('an app that is removed is told so', async () => {
  const { socket } = await connect(simulator, bot.appToken);
  simulator.uninstall(bot);
  expect((await socket.next('events_api')).payload.event).toEqual({ type: 'app_uninstalled' });
  expect((await socket.next('events_api')).payload.event).toMatchObject({ tokens: { bot: [bot.id] } });
  expect((await call(simulator, bot.token, 'auth.test')).body.error).toBe('account_inactive');
  channel.say('nobody hears this');
  expect(simulator.ledger.counts.events).toBe(2);
});
