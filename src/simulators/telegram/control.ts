import type { IncomingMessage, ServerResponse } from 'node:http';
import { waitOn } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import type { TelegramControls } from './controls.ts';
import type { Fault } from './faults.ts';
import type { ChatHandle, Said } from './handles.ts';
import { readBody } from './parameters.ts';
import { describe } from './places.ts';
import { answer } from './server.ts';

type Body = Readonly<Record<string, unknown>>;
type Operation = (simulator: TelegramControls, body: Body) => unknown;

/** `POST /control/<name>` with a JSON body; `GET` with the same fields in the query for those that change nothing. */
const operations: Readonly<Record<string, Operation>> = {
  'create-bot': (simulator, body) => {
    const { id, username, token } = simulator.createBot({
      username: string(body, 'username'),
      ...pick(body, ['name'], 'string'),
      ...pick(body, ['privacy', 'joinsGroups', 'topics'], 'boolean'),
    });
    return { id, username, token };
  },
  'create-private-chat': (simulator, body) =>
    shown(
      simulator.privateChat(
        { id: number(body, 'bot_id') },
        {
          ...pick(body, ['name', 'username'], 'string'),
          ...pick(body, ['started'], 'boolean'),
          ...(body['user_id'] === undefined ? {} : { person: simulator.person(number(body, 'user_id')) }),
        },
      ),
    ),
  'create-group': (simulator, body) => {
    const kind = body['kind'];
    if (kind !== undefined && kind !== 'group' && kind !== 'supergroup' && kind !== 'channel') {
      throw new Error('kind is group, supergroup or channel');
    }
    return shown(
      simulator.group(
        { id: number(body, 'bot_id') },
        {
          ...pick(body, ['title', 'username'], 'string'),
          ...pick(body, ['admin', 'forum'], 'boolean'),
          ...(kind ? { kind } : {}),
        },
      ),
    );
  },
  'create-user': (simulator, body) => {
    const person = simulator.createPerson(string(body, 'name'), optional(body, 'username'));
    return { id: person.id, name: person.firstName };
  },
  'add-member': (simulator, body) => simulator.join(chatOf(simulator, body), { id: number(body, 'user_id') }),
  'remove-member': (simulator, body) =>
    chatOf(simulator, body).remove({ id: number(body, 'user_id') }, body['how'] === 'left' ? 'left' : 'kicked'),
  'set-admin': (simulator, body) => chatOf(simulator, body).admin({ id: number(body, 'user_id') }, on(body)),
  'set-muted': (simulator, body) => chatOf(simulator, body).mute({ id: number(body, 'user_id') }, on(body)),
  'set-blocked': (simulator, body) => chatOf(simulator, body).block(on(body)),
  'set-privacy': (simulator, body) => simulator.setPrivacy({ id: number(body, 'bot_id') }, on(body)),
  'create-topic': (simulator, body) => ({ thread: simulator.topic(chatOf(simulator, body), string(body, 'name')) }),
  'close-topic': (simulator, body) => chatOf(simulator, body).closeTopic(number(body, 'thread'), on(body)),
  'delete-topic': (simulator, body) => chatOf(simulator, body).deleteTopic(number(body, 'thread')),
  link: (simulator, body) =>
    simulator.link(simulator.chat(number(body, 'channel_id')), simulator.chat(number(body, 'group_id'))),
  migrate: (simulator, body) => shown(chatOf(simulator, body).migrate()),
  say: (simulator, body) => {
    const said = {
      ...(body['from'] === undefined ? {} : { from: simulator.person(number(body, 'from')) }),
      ...(body['reply_to'] === undefined ? {} : { replyTo: number(body, 'reply_to') }),
      ...(body['thread'] === undefined ? {} : { thread: number(body, 'thread') }),
      ...(isObject(body['extra']) ? { extra: body['extra'] } : {}),
      anonymous: body['anonymous'] === true,
    };
    const text = optional(body, 'text');
    const chat = chatOf(simulator, body);
    return result(text === undefined ? chat.send(said.extra ?? {}, said) : chat.say(text, said));
  },
  edit: (simulator, body) => result(chatOf(simulator, body).edit(number(body, 'message_id'), string(body, 'text'))),
  delete: (simulator, body) => chatOf(simulator, body).delete(number(body, 'message_id')),
  transcript: (simulator, body) => chatOf(simulator, body).transcript(),
  ledger: (simulator) => ({ version: simulator.scene.bell.version, ...simulator.ledger }),
  chats: (simulator) => {
    const { world } = simulator.scene;
    return [...world.chats.values(), ...world.dialogues.values()].map((chat) => describe(chat));
  },
  'revoke-token': (simulator, body) => ({ token: simulator.revokeToken({ id: number(body, 'bot_id') }) }),
  'set-webhook': (simulator, body) =>
    simulator.setForeignWebhook({ id: number(body, 'bot_id') }, optional(body, 'url')),
  fail: (simulator, body) => {
    const fault = body['fault'];
    const kinds = ['error', 'drop', 'refuse', 'hang', 'hang_after'];
    if (!isObject(fault) || !kinds.includes(String(fault['kind']))) throw new Error(`fault.kind is one of ${kinds}`);
    simulator.fail({
      method: optional(body, 'method') ?? '*',
      fault: fault as unknown as Fault,
      ...(body['times'] === undefined ? {} : { times: number(body, 'times') }),
      ...(body['bot_id'] === undefined ? {} : { botId: number(body, 'bot_id') }),
      ...(body['chat_id'] === undefined ? {} : { chatId: number(body, 'chat_id') }),
    });
  },
  'clear-faults': (simulator) => simulator.clearFaults(),
  latency: (simulator, body) => simulator.setLatency(number(body, 'ms'), optional(body, 'method')),
  limits: (simulator, body) =>
    simulator.setLimits(pick(body, ['perChatPerSecond', 'perGroupPerMinute', 'perBotPerSecond'], 'number')),
  cut: (simulator) => simulator.cut(),
  down: (simulator) => simulator.down(),
  up: (simulator) => simulator.up(),
  advance: (simulator, body) => simulator.advance(number(body, 'ms')),
};

const readable = new Set(['transcript', 'ledger', 'chats']);

export async function serveControl(
  simulator: TelegramControls,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = url.pathname.replace(/^\/control\/?/, '');
  if (name === 'changed') return changed(simulator, response, url);
  const operation = operations[name];
  if (!operation) return reply(response, 404, { error: `no operation ${name}`, operations: Object.keys(operations) });
  try {
    if (request.method !== 'POST' && !readable.has(name)) throw new Error('POST it');
    const source = await readBody(request);
    const body = source.length === 0 ? Object.fromEntries(url.searchParams) : parsed(source.toString());
    if (!isObject(body)) throw new Error('the body is a JSON object');
    reply(response, 200, (await operation(simulator, body)) ?? { ok: true });
  } catch (error) {
    reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** `GET /control/changed?after=VERSION`: answers once something happened after that version, at most 30 s later. */
async function changed(simulator: TelegramControls, response: ServerResponse, url: URL): Promise<void> {
  const { bell, clock } = simulator.scene;
  const after = Number(url.searchParams.get('after') ?? bell.version);
  const ended = new AbortController();
  const cancel = clock.after(30_000, () => ended.abort());
  response.on('close', () => ended.abort());
  await waitOn(bell, () => bell.version > after, ended.signal).catch(() => {});
  cancel();
  if (!response.destroyed) reply(response, 200, { version: bell.version });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  answer(response, status, JSON.stringify(body));
}

function shown(chat: ChatHandle): unknown {
  return { chat_id: chat.id, user_id: chat.speaker.id, type: chat.chat.type, title: chat.chat.title };
}

function result(said: Said): unknown {
  return { message_id: said.message_id, updates: Object.fromEntries(said.updates) };
}

/** A private chat has the person's id for every bot: `bot_id` says whose it is. */
function chatOf(simulator: TelegramControls, body: Body): ChatHandle {
  const bot = body['bot_id'] === undefined ? undefined : { id: number(body, 'bot_id') };
  return simulator.chat(number(body, 'chat_id'), bot);
}

function number(body: Body, name: string): number {
  const value = Number(body[name]);
  if (body[name] === undefined || !Number.isSafeInteger(value)) throw new Error(`${name} is a number`);
  return value;
}

function string(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`${name} is a text`);
  return value;
}

function optional(body: Body, name: string): string | undefined {
  return body[name] === undefined ? undefined : string(body, name);
}

function on(body: Body): boolean {
  return body['on'] !== false && body['on'] !== 'false';
}

function pick<K extends string, T extends 'string' | 'boolean' | 'number'>(body: Body, names: readonly K[], type: T) {
  type Value = T extends 'string' ? string : T extends 'boolean' ? boolean : number;
  const picked: Partial<Record<K, Value>> = {};
  for (const name of names) {
    const value = body[name];
    if (value === undefined) continue;
    if (typeof value !== type) throw new Error(`${name} is a ${type}`);
    picked[name] = value as Value;
  }
  return picked;
}
