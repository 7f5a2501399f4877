import { type Call, channelOf, guildOf, type Outcome } from './call.ts';
import { may, maySee } from './permissions.ts';
import { invalidForm, Refusal } from './refusal.ts';
import { startLimitOf } from './start-limit.ts';
import { isSnowflake } from './validate.ts';
import {
  applicationJson,
  channelJson,
  guildJson,
  memberJson,
  messageJson,
  roleJson,
  userJson,
  type View,
} from './wire.ts';
import type { Message } from './world.ts';

const fine = (body: unknown): Outcome => ({ status: 200, body });

export function getMe({ bot }: Call): Outcome {
  return fine({ ...userJson(bot.user), verified: true, mfa_enabled: false, locale: 'en-US', flags: 0 });
}

export function getApplication({ bot }: Call): Outcome {
  return fine(applicationJson(bot));
}

export function getGatewayBot({ scene, bot }: Call): Outcome {
  const { total, remaining, resetAt, maxConcurrency } = startLimitOf(scene, bot);
  const resetAfter = resetAt === undefined ? 0 : Math.max(0, resetAt - scene.clock.now());
  return fine({
    url: `ws://127.0.0.1:${scene.port}/gateway`,
    shards: 1,
    session_start_limit: { total, remaining, reset_after: Math.ceil(resetAfter), max_concurrency: maxConcurrency },
  });
}

export function getGuild(call: Call): Outcome {
  return fine(guildJson(guildOf(call, [404, 10004]), call.bot));
}

/** Every channel, also those that the bot may not view, but no threads (platforms.md §1.1, §5). */
export function getGuildChannels(call: Call): Outcome {
  const { channels } = guildOf(call, [403, 50001]);
  return fine([...channels.values()].filter((it) => !it.thread).map(channelJson));
}

export function getGuildRoles(call: Call): Outcome {
  return fine([...guildOf(call, [403, 50001]).roles.values()].map(roleJson));
}

export function getGuildMember(call: Call): Outcome {
  const member = guildOf(call, [403, 50001]).members.get(call.ids[1] ?? '');
  if (!member) throw new Refusal(404, 10007);
  return fine(memberJson(member));
}

export function getActiveThreads(call: Call): Outcome {
  const { scene, bot } = call;
  const guild = guildOf(call, [403, 50001]);
  const threads = [...guild.channels.values()].filter(
    (it) => it.thread?.archived === false && maySee(it, bot.user.id, scene.clock.now()),
  );
  return fine({ threads: threads.map(channelJson), members: [] });
}

export function getChannel(call: Call): Outcome {
  return fine(channelJson(channelOf(call)));
}

/** Newest first, whatever was asked for; empty without READ_MESSAGE_HISTORY [D4]. */
export function getMessages(call: Call): Outcome {
  const { scene, bot, query } = call;
  const channel = channelOf(call);
  const limit = limitOf(query);
  const marks = ['before', 'after', 'around'].filter((name) => query.has(name));
  for (const name of marks) {
    if (isSnowflake(query.get(name)) || query.get(name) === '0') continue;
    const message = `Value "${query.get(name)}" is not snowflake.`;
    throw invalidForm([{ path: [name], code: 'NUMBER_TYPE_COERCE', message }]);
  }
  if (!may(channel, bot.user.id, 'READ_MESSAGE_HISTORY', scene.clock.now())) return fine([]);
  const all = [...channel.messages.values()];
  const [mark] = marks;
  const at = mark === undefined ? 0n : BigInt(query.get(mark) ?? 0);
  let some: Message[];
  if (mark === 'after') some = all.filter((it) => BigInt(it.id) > at).slice(0, limit);
  else if (mark === 'before') some = all.filter((it) => BigInt(it.id) < at).slice(-limit);
  else if (mark === 'around') {
    const older = all.filter((it) => BigInt(it.id) < at).slice(-Math.floor(limit / 2));
    some = [...older, ...all.filter((it) => BigInt(it.id) >= at).slice(0, limit - older.length)];
  } else some = all.slice(-limit);
  return fine(some.reverse().map((it) => messageJson(it, viewOf(call))));
}

export function getMessage(call: Call): Outcome {
  const channel = channelOf(call);
  if (!may(channel, call.bot.user.id, 'READ_MESSAGE_HISTORY', call.scene.clock.now())) throw new Refusal(403, 50001);
  return fine(messageJson(messageOf(call), viewOf(call)));
}

export function messageOf(call: Call): Message {
  const message = channelOf(call).messages.get(call.ids[1] ?? '');
  if (!message) throw new Refusal(404, 10008);
  return message;
}

/** Over REST it is the switch in the portal that counts. */
export function viewOf({ bot, scene }: Call): View {
  return { botId: bot.user.id, content: bot.intents.messageContent, nonce: scene.nonceInHistory };
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return 50;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 100) return limit;
  const message = 'int value should be between 1 and 100.';
  throw invalidForm([{ path: ['limit'], code: 'NUMBER_TYPE_RANGE', message }]);
}
