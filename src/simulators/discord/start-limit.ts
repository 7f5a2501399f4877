import type { Scene } from './scene.ts';
import type { Bot, StartLimit } from './world.ts';

/** The bot's limit as it is now: refilled where its time came. */
export function startLimitOf(scene: Scene, bot: Bot): StartLimit {
  const limit = bot.startLimit;
  if (limit.resetAt !== undefined && limit.resetAt <= scene.clock.now()) {
    limit.remaining = limit.total;
    limit.resetAt = undefined;
  }
  return limit;
}

export interface StartLimitChange {
  readonly total?: number;
  readonly remaining?: number;
  /** Milliseconds from now. */
  readonly resetAfter?: number;
  readonly maxConcurrency?: number;
}

export function setStartLimit(scene: Scene, { startLimit }: Bot, change: StartLimitChange): void {
  const { resetAfter, ...fields } = change;
  Object.assign(startLimit, fields);
  if (resetAfter !== undefined) startLimit.resetAt = scene.clock.now() + resetAfter;
}

/** The old token is refused from now on and its connections end with 4004; returns the new one. */
export function resetToken(scene: Scene, bot: Bot): string {
  scene.world.tokens.delete(bot.token);
  bot.token = makeToken(bot.user.id, scene);
  scene.world.tokens.set(bot.token, bot);
  for (const connection of [...scene.connections]) {
    if (connection.session?.bot === bot) connection.close(4004, 'Authentication failed.');
  }
  for (const session of [...bot.sessions]) session.end();
  return bot.token;
}

/** The shape of real ones: id, time and signature, in base64url (platforms.md §1.1). */
export function makeToken(id: string, scene: Scene): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  const some = (count: number) => {
    let text = '';
    while (text.length < count) text += letters.charAt(Math.floor(scene.random() * letters.length));
    return text;
  };
  return `${Buffer.from(id).toString('base64url')}.G${some(5)}.${some(38)}`;
}
