import type { LedgerCall, LedgerMessage } from './ledger.ts';
import { maySee } from './permissions.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import type { Upload } from './uploads.ts';
import type { Bot, Channel, Guild } from './world.ts';

/** One authenticated request, as a route gets it. */
export interface Call {
  readonly scene: Scene;
  readonly bot: Bot;
  /** Ids in the path. */
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly files: readonly Upload[];
  readonly entry: LedgerCall;
  /** What it made visible: ambiguous if the answer gets lost. */
  made?: LedgerMessage;
}

export interface Outcome {
  readonly status: number;
  readonly body?: unknown;
}

export type Handler = (call: Call) => Outcome;

/** The channel in the path, if this bot may look at it at all. */
export function channelOf({ scene, bot, ids }: Call): Channel {
  const channel = scene.world.channels.get(ids[0] ?? '');
  if (!channel || channel.deleted) throw new Refusal(404, 10003);
  if (!maySee(channel, bot.user.id, scene.clock.now())) throw new Refusal(403, 50001);
  return channel;
}

/** `outside`: what a guild answers that the bot is not in; it depends on the route (platforms.md §1.1). */
export function guildOf({ scene, bot, ids }: Call, outside: readonly [number, number]): Guild {
  const guild = scene.world.guilds.get(ids[0] ?? '');
  if (!guild) throw new Refusal(404, 10004);
  if (!guild.bots.has(bot)) throw new Refusal(...outside);
  return guild;
}
