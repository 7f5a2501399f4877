import { waitOn } from '../shared/bell.ts';
import type { Stage } from '../simulator.ts';
import type { TelegramControls } from './controls.ts';

/** A private chat is the simplest place: every message is heard, nothing needs to be set up. */
export function makeStage(simulator: TelegramControls): Stage {
  const taken = new Set([...simulator.scene.world.bots.values()].map((bot) => bot.person.username));
  let username = 'playground_bot';
  for (let number = 2; taken.has(username); number++) username = `playground${number}_bot`;
  const bot = simulator.createBot({ username, name: 'Playground' });
  const chat = simulator.privateChat(bot, { name: 'You' });
  return {
    connect: { bot_token: bot.token },
    title: `Telegram, private chat with @${username}`,
    say: async (text) => {
      chat.say(text);
    },
    transcript: async () => chat.transcript(),
    changed: async (after, signal) => {
      const seen = JSON.stringify(chat.transcript());
      if (chat.transcript().length !== after) return;
      // Nothing to do when the signal ends it: the caller looks at the transcript either way.
      await waitOn(simulator.scene.bell, () => JSON.stringify(chat.transcript()) !== seen, signal).catch(() => {});
    },
  };
}
