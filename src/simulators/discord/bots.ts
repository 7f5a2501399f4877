import type { Scene } from './scene.ts';
import { makeToken } from './start-limit.ts';
import { type Bot, type Intents, snowflake, type User } from './world.ts';

/** Anything that is known by its id. */
export interface Somebody {
  readonly id: string;
}

export interface BotOptions {
  readonly username: string;
  /** The privileged ones, as switched in the developer portal; message content is on unless told. */
  readonly intents?: Partial<Intents>;
}

/** What a test holds of a bot. */
export interface BotHandle {
  readonly id: string;
  readonly applicationId: string;
  readonly username: string;
  /** The one that works now. */
  readonly token: string;
}

export function createBot(scene: Scene, options: BotOptions): BotHandle {
  const { world, clock } = scene;
  const id = snowflake(world, clock.now());
  const user: User = { id, username: options.username, bot: true };
  const bot: Bot = {
    user,
    // The same as the user's for every bot made in recent years.
    applicationId: id,
    token: makeToken(id, scene),
    intents: { messageContent: true, guildMembers: false, presence: false, ...options.intents },
    sessions: new Set(),
    // 1000 identifies in 24 h; small bots start one at a time [D1].
    startLimit: { total: 1000, remaining: 1000, resetAt: undefined, maxConcurrency: 1, lastIdentify: new Map() },
    nonces: new Map(),
  };
  world.users.set(id, user);
  world.bots.set(id, bot);
  world.tokens.set(bot.token, bot);
  return {
    id,
    applicationId: bot.applicationId,
    username: options.username,
    get token() {
      return bot.token;
    },
  };
}
