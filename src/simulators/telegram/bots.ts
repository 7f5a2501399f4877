import { ring } from '../shared/bell.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import { UpdateQueue } from './updates.ts';
import { changeWebhook } from './webhooks.ts';
import type { Bot, Person } from './world.ts';

export interface BotOptions {
  readonly username: string;
  readonly name?: string;
  /** Privacy mode; on unless told. */
  readonly privacy?: boolean;
  readonly joinsGroups?: boolean;
  readonly topics?: boolean;
}

/** What a test holds of a bot. */
export interface BotHandle {
  readonly id: number;
  readonly username: string;
  /** The one that works now. */
  readonly token: string;
}

export function createBot(scene: Scene, options: BotOptions): BotHandle {
  const { world, clock, ledger, random, slowRepolling, bell } = scene;
  const id = world.nextBotId++;
  const person: Person = { id, isBot: true, firstName: options.name ?? options.username, username: options.username };
  const queue = new UpdateQueue({
    botId: id,
    firstId: 100_000_000 + Math.floor(random() * 800_000_000),
    clock,
    ledger,
    slowRepolling,
    changed: () => ring(bell),
  });
  const bot: Bot = {
    person,
    token: makeToken(id, random),
    privacy: options.privacy ?? true,
    joinsGroups: options.joinsGroups ?? true,
    topics: options.topics ?? false,
    webhook: undefined,
    sender: undefined,
    webhookSetAt: Number.NEGATIVE_INFINITY,
    queue,
  };
  world.bots.set(id, bot);
  world.tokens.set(bot.token, bot);
  return {
    id,
    username: options.username,
    get token() {
      return bot.token;
    },
  };
}

/** The old token answers 401 from now on, a poll that waits with it included. Its webhook goes with it; what waits stays. */
export function renewToken(scene: Scene, bot: Bot): string {
  scene.world.tokens.delete(bot.token);
  bot.queue.end(new Refusal(401, 'Unauthorized'));
  changeWebhook(scene, bot, undefined);
  bot.token = makeToken(bot.person.id, scene.random);
  scene.world.tokens.set(bot.token, bot);
  return bot.token;
}

/** The shape of real ones: the bot's id, a colon, 35 characters (platforms.md §2.1). */
function makeToken(id: number, random: () => number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  let secret = 'AA';
  while (secret.length < 35) secret += letters.charAt(Math.floor(random() * letters.length));
  return `${id}:${secret}`;
}
