import type { SlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { numberIn, type Push, type Seat, type Transport } from './transport.ts';

const titles = { events: 'Slack, Events API', socket: 'Slack, Socket Mode' } as const;

/** `count` apps, each in a workspace and a channel of its own. */
export function slackTransport(simulator: SlackSimulator, name: keyof typeof titles, count: number): Transport {
  const apps = new Set<string>();
  const seats = Array.from({ length: count }, (_, index): Seat => {
    const workspace = simulator.createWorkspace({ name: `${name} ${index}` });
    const bot = simulator.createBot({ username: `ada_${index}`, workspace, socketMode: name === 'socket' });
    const channel = simulator.channel({ name: 'general', workspace, members: [bot] });
    apps.add(bot.appId);
    return {
      connect: {
        bot_token: bot.token,
        workspace_id: workspace.id,
        channel_ids: [channel.id],
        ...(name === 'socket' ? { app_token: bot.appToken } : { signing_secret: bot.signingSecret }),
      },
      connected: (integration) => {
        if (name === 'events') simulator.setRequestUrl(bot.app, String(integration['events_url']));
      },
      // Outside of threads each message begins a conversation.
      say: (text) => void channel.say(text),
    };
  });
  return {
    title: titles[name],
    platform: 'slack',
    name,
    seats,
    pushes: () =>
      simulator.ledger.events.flatMap(({ app_id, text, attempts }): Push[] => {
        const number = apps.has(app_id) ? numberIn(text) : undefined;
        const [first] = attempts;
        const ms = first?.outcome === 'acked' ? first.latency_ms : undefined;
        return number === undefined ? [] : [{ number, ms, attempts: attempts.length }];
      }),
    until: (look, signal) => simulator.waitFor(look, signal),
  };
}
