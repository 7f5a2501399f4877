import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './apps.ts';
import type { ChannelHandle } from './handles.ts';
import { sign } from './signature.ts';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';

interface Came {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

let simulator: SlackSimulator;
let bot: BotHandle;
let channel: ChannelHandle;
let server: Server;
let came: Came[];
let answer: (response: ServerResponse, text: string) => void;

beforeEach(async () => {
  came = [];
  answer = (response) => response.end();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    came.push({ headers: request.headers, text });
    answer(response, text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  simulator = await startSlackSimulator();
  const requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  bot = simulator.createBot({ requestUrl, signingSecret: '8f742231b10e8888abcd99yyyzzz85a5' });
  channel = simulator.channel({ members: [bot] });
});
afterEach(async () => {
  await simulator.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const attempts = (count: number) =>
  simulator.waitFor(({ events }) => {
    const made = events[0]?.attempts.filter((it) => it.outcome !== 'running') ?? [];
    return made.length >= count && made;
  });

test('the signature of the documentation', () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  expect(sign('8f742231b10e8888abcd99yyyzzz85a5', 1_531_420_618, body)).toBe(
    'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  );
});

test('an event arrives signed and once', async () => {
  const { ts } = channel.say('hello');
  expect(await attempts(1)).toMatchObject([{ transport: 'http', status: 200, outcome: 'acked', retry: 0 }]);
  const [{ headers, text }] = came as [Came];
  const timestamp = String(headers['x-slack-request-timestamp']);
  expect(headers['x-slack-signature']).toBe(sign(bot.signingSecret, timestamp, text));
  expect(headers['x-slack-retry-num']).toBeUndefined();
  expect(simulator.bodyOf(simulator.ledger.events[0]?.event_id ?? '')).toBe(text);
  expect(JSON.parse(text)).toMatchObject({ type: 'event_callback', api_app_id: bot.appId, event: { ts } });
  expect(simulator.acknowledged()).toEqual(['hello']);
});

test('refused: three retries on the schedule, each with number and reason', async () => {
  answer = (response) => response.writeHead(500).end();
  channel.say('hello');
  await attempts(2);
  simulator.advance(60_000);
  await attempts(3);
  simulator.advance(300_000);
  expect(await attempts(4)).toMatchObject(Array(4).fill({ outcome: 'http_error', status: 500 }));
  const told = came.map(({ headers }) => [headers['x-slack-retry-num'], headers['x-slack-retry-reason']]);
  expect(told).toEqual([
    [undefined, undefined],
    ['1', 'http_error'],
    ['2', 'http_error'],
    ['3', 'http_error'],
  ]);
  expect(simulator.ledger.events[0]?.outcome).toBe('lost');
});

test('silence for three seconds is a timeout', async () => {
  const first = Promise.withResolvers<void>();
  // The first one is never answered, the retry is.
  answer = () => {
    first.resolve();
    answer = (later) => later.end();
  };
  channel.say('hello');
  await first.promise;
  simulator.advance(3000);
  expect(await attempts(2)).toMatchObject([{ outcome: 'http_timeout' }, { outcome: 'acked', reason: 'http_timeout' }]);
});

test('no retry where the receiver asks for none; none to an address that redirects', async () => {
  answer = (response) => response.writeHead(400, { 'x-slack-no-retry': '1' }).end();
  channel.say('hello');
  await attempts(1);
  expect(simulator.ledger.events[0]).toMatchObject({ outcome: 'lost', attempts: [{ outcome: 'http_error' }] });
  answer = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
  channel.say('again');
  await simulator.waitFor(({ events }) => events[1]?.attempts[0]?.outcome === 'too_many_redirects');
});

test('each event four times, whatever the answer', async () => {
  simulator.deliverTimes(4);
  channel.say('hello');
  await attempts(2);
  simulator.advance(60_000);
  await attempts(3);
  simulator.advance(300_000);
  await attempts(4);
  const ids = came.map(({ text }) => JSON.parse(text).event_id);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(1);
  expect(simulator.acknowledged()).toEqual(['hello']);
});

test('the only delivery may be a retry', async () => {
  simulator.set({ firstRetry: 2 });
  channel.say('hello');
  await attempts(1);
  expect(came.map(({ headers }) => headers['x-slack-retry-num'])).toEqual(['2']);
});

test('the handshake wants its challenge back', async () => {
  expect(await simulator.verifyUrl(bot.app)).toBe(false);
  answer = (response, text) => response.end(JSON.parse(text).challenge);
  expect(await simulator.verifyUrl(bot.app)).toBe(true);
  answer = (response, text) => response.end(JSON.stringify({ challenge: JSON.parse(text).challenge }));
  expect(await simulator.verifyUrl(bot.app)).toBe(true);
});

test('with Socket Mode on nothing goes over HTTP; without anything it is lost', async () => {
  simulator.setSocketMode(bot.app, true);
  channel.say('hello');
  expect(await attempts(1)).toMatchObject([{ transport: 'socket', outcome: 'connection_failed' }]);
  expect(came).toEqual([]);
  simulator.setSocketMode(bot.app, false);
  simulator.setRequestUrl(bot.app, undefined);
  channel.say('again');
  expect(simulator.ledger.events[1]?.attempts).toMatchObject([{ outcome: 'connection_failed' }]);
});

test('only what is subscribed, and only where the bot is', async () => {
  bot.app.events.delete('message.channels');
  channel.say('unheard');
  channel.say('hello', { mention: bot });
  simulator.channel().say('elsewhere');
  await attempts(1);
  expect(simulator.ledger.events.map((it) => it.type)).toEqual(['app_mention']);
});
