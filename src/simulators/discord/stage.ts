import { waitOn } from '../shared/bell.ts';
import type { Stage } from '../simulator.ts';
import type { DiscordControls } from './controls.ts';

/** A guild with one text channel and one person in it. */
export function makeStage(simulator: DiscordControls): Stage {
  const taken = new Set([...simulator.scene.world.bots.values()].map((bot) => bot.user.username));
  let username = 'playground';
  for (let number = 2; taken.has(username); number++) username = `playground${number}`;
  const bot = simulator.createBot({ username });
  const guild = simulator.guild({ name: 'Playground', bots: [bot] });
  const channel = simulator.channel(guild, { name: 'general' });
  const person = simulator.createPerson('you');
  return {
    connect: { bot_token: bot.token, guild_id: guild.id, channel_ids: [channel.id] },
    title: `Discord, #general with @${username}`,
    say: async (text) => {
      channel.say(text, { from: person });
    },
    transcript: async () => channel.transcript().map((line) => (line.fromBot ? { ...line, text: line.shown } : line)),
    changed: async (after, signal) => {
      const seen = JSON.stringify(channel.transcript());
      if (channel.transcript().length !== after) return;
      // Nothing to do when the signal ends it: the caller looks at the transcript either way.
      await waitOn(simulator.scene.bell, () => JSON.stringify(channel.transcript()) !== seen, signal).catch(() => {});
    },
  };
}
