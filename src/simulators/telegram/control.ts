import { controlExchange, type Operation } from '../shared/control-exchange.ts';
import { type Body, number, on, pick, text } from '../shared/control-fields.ts';
import { isObject } from '../shared/json.ts';
import type { TelegramControls } from './controls.ts';
import type { Fault } from './faults.ts';
import type { ChatHandle, Said } from './handles.ts';
import { readBody } from './parameters.ts';
import { describe } from './places.ts';

/** The control API: the same as the methods of the simulator and its handles, by name. */
const operations: Readonly<Record<string, Operation<TelegramControls>>> = {
  'create-bot': (simulator, body) => {
    const { id, username, token } = simulator.createBot({
      username: text(body, 'username'),
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
    const person = simulator.createPerson(text(body, 'name'), optional(body, 'username'));
    return { id: person.id, name: person.firstName };
  },
  'add-member': (simulator, body) => simulator.join(chatOf(simulator, body), { id: number(body, 'user_id') }),
  'remove-member': (simulator, body) =>
    chatOf(simulator, body).remove({ id: number(body, 'user_id') }, body['how'] === 'left' ? 'left' : 'kicked'),
  'set-admin': (simulator, body) => chatOf(simulator, body).admin({ id: number(body, 'user_id') }, on(body)),
  'set-muted': (simulator, body) => chatOf(simulator, body).mute({ id: number(body, 'user_id') }, on(body)),
  'set-blocked': (simulator, body) => chatOf(simulator, body).block(on(body)),
  'set-privacy': (simulator, body) => simulator.setPrivacy({ id: number(body, 'bot_id') }, on(body)),
  'create-topic': (simulator, body) => ({ thread: simulator.topic(chatOf(simulator, body), text(body, 'name')) }),
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
  edit: (simulator, body) => result(chatOf(simulator, body).edit(number(body, 'message_id'), text(body, 'text'))),
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
  'repeat-pushes': (simulator, body) => simulator.repeatPushes(number(body, 'times')),
  'webhook-timeout': (simulator, body) => simulator.setWebhookTimeout(number(body, 'ms')),
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

export const serveControl = controlExchange<TelegramControls>({ operations, readable, readBody });

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

function optional(body: Body, name: string): string | undefined {
  return body[name] === undefined ? undefined : text(body, name);
}
