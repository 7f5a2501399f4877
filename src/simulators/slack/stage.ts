import { waitOn } from '../shared/bell.ts';
import type { Stage } from '../simulator.ts';
import type { SlackControls } from './controls.ts';

/** A workspace with one app over Socket Mode, one channel and one person in it. */
export function makeStage(simulator: SlackControls): Stage {
  const taken = new Set([...simulator.scene.world.users.values()].map((it) => it.name));
  let username = 'playground';
  for (let number = 2; taken.has(username); number++) username = `playground${number}`;
  const workspace = simulator.createWorkspace({ name: 'Playground' });
  const bot = simulator.createBot({ username, workspace, socketMode: true });
  const person = simulator.createPerson('you', workspace);
  const channel = simulator.channel({ name: 'general', workspace, members: [person, bot] });
  return {
    connect: {
      bot_token: bot.token,
      app_token: bot.appToken,
      workspace_id: workspace.id,
      channel_ids: [channel.id],
    },
    title: `Slack, #general with @${username}`,
    say: async (text) => {
      channel.say(text);
    },
    transcript: async () => channel.transcript(),
    changed: async (after, signal) => {
      const seen = JSON.stringify(channel.transcript());
      if (channel.transcript().length !== after) return;
      // Nothing to do when the signal ends it: the caller looks at the transcript either way.
      await waitOn(simulator.scene.bell, () => JSON.stringify(channel.transcript()) !== seen, signal).catch(() => {});
    },
  };
}
