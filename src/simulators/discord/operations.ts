import type { Operation } from '../shared/control-exchange.ts';
import { type Body, number, on, pick, text } from '../shared/control-fields.ts';
import { isObject } from '../shared/json.ts';
import type { DiscordControls } from './controls.ts';
import { type Fault, faultKinds } from './faults.ts';
import type { GarbageKind } from './garbage.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import type { ChannelHandle, SayOptions } from './handles.ts';
import type { RateLimits } from './limits.ts';
import { type Permission, permissionBits } from './permissions.ts';
import type { ChannelType, Intents } from './world.ts';

const intentNames: readonly string[] = ['messageContent', 'guildMembers', 'presence'];

/** The control API: the same as the methods of the simulator and its handles, by name. */
export const operations: Readonly<Record<string, Operation<DiscordControls>>> = {
  'create-bot': (simulator, body) => {
    const intents = pick(body, ['messageContent', 'guildMembers', 'presence'], 'boolean');
    const { id, applicationId, username, token } = simulator.createBot({ username: text(body, 'username'), intents });
    return { id, application_id: applicationId, username, token };
  },
  'create-user': (simulator, body) => simulator.createPerson(text(body, 'username')),
  'create-guild': (simulator, body) => {
    const bots = Array.isArray(body['bots']) ? body['bots'].map((id) => ({ id: String(id) })) : [];
    const permissions = body['permissions'] === undefined ? {} : { permissions: BigInt(text(body, 'permissions')) };
    const guild = simulator.guild({ ...pick(body, ['name'], 'string'), bots, ...permissions });
    return { guild_id: guild.id, owner_id: guild.owner.id };
  },
  'create-channel': (simulator, body) =>
    shown(
      simulator.channel(some(body, 'guild_id'), {
        ...pick(body, ['name'], 'string'),
        ...(body['type'] === undefined ? {} : { type: body['type'] as keyof typeof ChannelType | number }),
      }),
    ),
  'create-thread': (simulator, body) => shown(simulator.thread(some(body, 'channel_id'), threadOptions(body))),
  'create-forum-post': (simulator, body) =>
    shown(
      simulator.forumPost(some(body, 'channel_id'), {
        ...threadOptions(body),
        ...said(body),
        text: text(body, 'text'),
      }),
    ),
  'create-dm': (simulator, body) =>
    shown(
      simulator.dm(
        some(body, 'bot_id'),
        ...(body['user_id'] === undefined ? [] : [simulator.user(some(body, 'user_id'))]),
      ),
    ),
  join: (simulator, body) => simulator.join(some(body, 'guild_id'), some(body, 'user_id')),
  kick: (simulator, body) => simulator.kick(some(body, 'bot_id'), some(body, 'guild_id')),
  available: (simulator, body) => simulator.setAvailable(some(body, 'guild_id'), on(body)),
  'time-out': (simulator, body) => simulator.timeOut(some(body, 'user_id'), some(body, 'guild_id'), number(body, 'ms')),
  'set-role': (simulator, body) =>
    simulator.setRole(some(body, 'guild_id'), some(body, 'role_id'), BigInt(text(body, 'permissions'))),
  say: (simulator, body) => {
    const { id, sessions } = handle(simulator, body).say(text(body, 'text'), said(body));
    return { message_id: id, sessions: Object.fromEntries(sessions) };
  },
  edit: (simulator, body) => handle(simulator, body).edit(text(body, 'message_id'), text(body, 'text')),
  delete: (simulator, body) =>
    handle(simulator, body).delete(...(body['message_id'] === undefined ? [] : [text(body, 'message_id')])),
  archive: (simulator, body) => handle(simulator, body).archive(on(body)),
  lock: (simulator, body) => handle(simulator, body).lock(on(body)),
  add: (simulator, body) => handle(simulator, body).add(some(body, 'user_id')),
  deny: (simulator, body) => handle(simulator, body).deny(some(body, 'user_id'), permission(body)),
  allow: (simulator, body) => handle(simulator, body).allow(some(body, 'user_id'), permission(body)),
  inherit: (simulator, body) => handle(simulator, body).inherit(some(body, 'user_id'), permission(body)),
  transcript: (simulator, body) => handle(simulator, body).transcript(),
  ledger: (simulator) => ({ version: simulator.scene.bell.version, ...simulator.ledger }),
  'reset-token': (simulator, body) => ({ token: simulator.resetToken(some(body, 'bot_id')) }),
  'set-intent': (simulator, body) => {
    const intent = text(body, 'intent');
    if (!intentNames.includes(intent)) throw new Error(`intent is one of ${intentNames}`);
    simulator.setIntent(some(body, 'bot_id'), intent as keyof Intents, on(body));
  },
  'start-limit': (simulator, body) =>
    simulator.setStartLimit(
      some(body, 'bot_id'),
      pick(body, ['total', 'remaining', 'resetAfter', 'maxConcurrency'], 'number'),
    ),
  'close-gateway': (simulator, body) => simulator.closeGateway(number(body, 'code'), anyBot(body)),
  op1: (simulator, body) => simulator.op1(anyBot(body)),
  op7: (simulator, body) => simulator.op7(anyBot(body)),
  'invalidate-sessions': (simulator, body) => simulator.invalidateSessions(anyBot(body), body['resumable'] === true),
  zombie: (simulator, body) => simulator.zombie(anyBot(body), on(body)),
  garbage: (simulator, body) => simulator.garbage(anyBot(body), (body['kind'] ?? 'text') as GarbageKind),
  'silent-hello': (simulator, body) => simulator.silentHello(on(body)),
  'break-resumes': (simulator, body) =>
    simulator.breakResumes(number(body, 'times'), body['how'] === 'reset' ? 'reset' : number(body, 'how')),
  gateway: (simulator, body) => {
    const numbers = pick(body, ['heartbeatInterval', 'resumeWindow', 'replayLimit', 'replayOverlap'], 'number');
    const switches = pick(body, ['silentHello', 'refused', 'splitCompressed'], 'boolean');
    const settings: Partial<GatewaySettings> = { ...numbers, ...switches };
    simulator.setGateway(settings);
  },
  fail: (simulator, body) => {
    const fault = body['fault'];
    if (!isObject(fault) || !faultKinds.includes(String(fault['kind']))) {
      throw new Error(`fault.kind is one of ${faultKinds}`);
    }
    simulator.fail({
      ...pick(body, ['method', 'path'], 'string'),
      ...pick(body, ['times'], 'number'),
      ...(body['bot_id'] === undefined ? {} : { botId: text(body, 'bot_id') }),
      ...(body['channel_id'] === undefined ? {} : { channelId: text(body, 'channel_id') }),
      fault: fault as unknown as Fault,
    });
  },
  'clear-faults': (simulator) => simulator.clearFaults(),
  latency: (simulator, body) =>
    simulator.setLatency(number(body, 'ms'), body['path'] === undefined ? '' : text(body, 'path')),
  limits: (simulator, body) => simulator.setLimits(body['off'] === true ? false : (body as RateLimits)),
  cut: (simulator) => simulator.cut(),
  down: (simulator) => simulator.down(),
  up: (simulator) => simulator.up(),
  advance: (simulator, body) => simulator.advance(number(body, 'ms'), pick(body, ['clientsAsleep'], 'boolean')),
};

export const readable: ReadonlySet<string> = new Set(['transcript', 'ledger']);

function handle(simulator: DiscordControls, body: Body): ChannelHandle {
  return simulator.handle(text(body, 'channel_id'));
}

function shown({ channel, speaker }: ChannelHandle): unknown {
  const { id, type, name } = channel;
  return { channel_id: id, type, name, guild_id: channel.guild?.id, user_id: speaker.id };
}

function said(body: Body): SayOptions {
  const person = (name: string, as: string) => (body[name] === undefined ? {} : { [as]: some(body, name) });
  return {
    ...person('from', 'from'),
    ...person('mention', 'mention'),
    ...person('mention_role', 'mentionRole'),
    ...(body['reply_to'] === undefined ? {} : { replyTo: text(body, 'reply_to') }),
    ...pick(body, ['webhook'], 'string'),
    ...pick(body, ['type', 'flags'], 'number'),
  };
}

function threadOptions(body: Body) {
  return {
    ...pick(body, ['name'], 'string'),
    ...pick(body, ['private', 'archived'], 'boolean'),
    ...(body['from_message'] === undefined ? {} : { fromMessage: text(body, 'from_message') }),
    ...(body['from'] === undefined ? {} : { from: some(body, 'from') }),
  };
}

function permission(body: Body): Permission {
  const name = text(body, 'permission');
  if (!Object.hasOwn(permissionBits, name)) throw new Error(`permission is one of ${Object.keys(permissionBits)}`);
  return name as Permission;
}

/** Ids above 2^53 lose digits as numbers: texts only. */
function some(body: Body, name: string): { readonly id: string } {
  return { id: text(body, name) };
}

function anyBot(body: Body): { readonly id: string } | undefined {
  return body['bot_id'] === undefined ? undefined : some(body, 'bot_id');
}
