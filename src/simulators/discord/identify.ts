import { isObject } from '../shared/json.ts';
import type { GatewayConnection } from './connection.ts';
import { guildEventJson, intentBits, isOfShard } from './dispatch.ts';
import { type LedgerIdentify, record } from './ledger.ts';
import { Session } from './session.ts';
import spec from './spec/discord.json' with { type: 'json' };
import { resetToken, startLimitOf } from './start-limit.ts';
import { applicationJson, userJson } from './wire.ts';
import type { Bot } from './world.ts';

const knownIntents = Object.values(spec.intents).reduce((all, bit) => all | bit, 0);
/** One identify per bucket in this time [D1]. */
const identifyPause = 5000;

/** Op 2. */
export function identify(connection: GatewayConnection, data: unknown): void {
  const { scene } = connection;
  const { ledger, clock, world } = scene;
  ledger.counts.identifies++;
  const token = isObject(data) ? data['token'] : undefined;
  const intents = isObject(data) ? data['intents'] : undefined;
  const bot = typeof token === 'string' ? world.tokens.get(token.replace(/^Bot /, '')) : undefined;
  const note = (outcome: string, sessionId?: string) => {
    const entry: LedgerIdentify = {
      bot_id: bot?.user.id,
      at: clock.now(),
      intents: typeof intents === 'number' ? intents : undefined,
      outcome,
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
    };
    record(ledger, ledger.identifies, entry);
  };
  const refuse = (code: number, reason: string) => {
    note(String(code));
    connection.close(code, reason);
  };
  if (!isObject(data) || typeof token !== 'string' || !hasProperties(data['properties'])) {
    refuse(4002, 'Error while decoding payload.');
    return;
  }
  if (!bot) {
    refuse(4004, 'Authentication failed.');
    return;
  }
  const shard = shardOf(data['shard']);
  if (!shard) {
    refuse(4010, 'Invalid shard.');
    return;
  }
  if (!isIntents(intents)) {
    refuse(4013, 'Invalid intent(s).');
    return;
  }
  if (!areAllowed(intents, bot)) {
    refuse(4014, 'Disallowed intent(s).');
    return;
  }
  const limit = startLimitOf(scene, bot);
  if (limit.remaining <= 0) {
    // The platform ends every session, resets the token and writes a letter to the owner [D1].
    ledger.counts.excessive_identifies++;
    note('over the daily limit');
    resetToken(scene, bot);
    connection.close(4004, 'Authentication failed.');
    return;
  }
  limit.remaining--;
  limit.resetAt ??= clock.now() + 86_400_000;
  const bucket = shard[0] % limit.maxConcurrency;
  const last = limit.lastIdentify.get(bucket);
  if (last !== undefined && clock.now() - last < identifyPause) {
    ledger.counts.hasty_identifies++;
    note('too soon');
    connection.sendFrame({ t: null, s: null, op: 9, d: false });
    return;
  }
  limit.lastIdentify.set(bucket, clock.now());
  const session = open(connection, bot, intents, shard);
  note('accepted', session.id);
  welcome(connection, session, data['shard'] !== undefined);
}

function open(connection: GatewayConnection, bot: Bot, intents: number, shard: readonly [number, number]): Session {
  const { scene } = connection;
  let id = '';
  while (id.length < 32) id += Math.floor(scene.random() * 16).toString(16);
  const session = new Session({
    id,
    bot,
    intents,
    shard,
    clock: scene.clock,
    settings: scene.gateway,
    ended: (it) => {
      bot.sessions.delete(it);
      scene.world.sessions.delete(it.id);
    },
  });
  scene.world.sessions.set(id, session);
  bot.sessions.add(session);
  session.attach(connection);
  connection.session = session;
  return session;
}

/** READY with stubs, then every guild of its own [D1]. */
function welcome(connection: GatewayConnection, session: Session, sharded: boolean): void {
  const { scene } = connection;
  const { bot } = session;
  const guilds = [...scene.world.guilds.values()].filter((it) => it.bots.has(bot) && isOfShard(session, it));
  const application = applicationJson(bot);
  const ready = {
    v: 10,
    user: { ...userJson(bot.user), verified: true, mfa_enabled: false, email: null, flags: 0 },
    guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    session_id: session.id,
    session_type: 'normal',
    resume_gateway_url: `ws://127.0.0.1:${scene.port}/resume`,
    ...(sharded ? { shard: session.shard } : {}),
    application: { id: application['id'], flags: application['flags'] },
    private_channels: [],
    relationships: [],
    user_settings: {},
    geo_ordered_rtc_regions: [],
    _trace: [],
  };
  session.push('READY', JSON.stringify(ready));
  if ((session.intents & intentBits.guilds) === 0) return;
  for (const guild of guilds) {
    if (guild.unavailable) continue;
    session.push('GUILD_CREATE', JSON.stringify(guildEventJson(scene, guild, bot)));
  }
}

function hasProperties(value: unknown): boolean {
  return isObject(value) && ['os', 'browser', 'device'].every((name) => typeof value[name] === 'string');
}

function isIntents(value: unknown): value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return false;
  return value <= knownIntents && (value & ~knownIntents) === 0;
}

function areAllowed(intents: number, bot: Bot): boolean {
  if ((intents & intentBits.messageContent) !== 0 && !bot.intents.messageContent) return false;
  if ((intents & intentBits.guildMembers) !== 0 && !bot.intents.guildMembers) return false;
  return (intents & intentBits.presences) === 0 || bot.intents.presence;
}

function shardOf(value: unknown): readonly [number, number] | undefined {
  if (value === undefined) return [0, 1];
  if (!Array.isArray(value) || value.length !== 2 || !value.every((it) => Number.isSafeInteger(it))) return undefined;
  const [shard, shards] = value as [number, number];
  return shard >= 0 && shard < shards ? [shard, shards] : undefined;
}
