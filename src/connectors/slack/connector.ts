import { z } from 'zod';
import type { Connector } from '../../core/connector.ts';
import { tokenSchema } from '../shared/token.ts';
import { beginning } from './beginning.ts';
import { hook } from './hook.ts';
import { messageId } from './parse.ts';
import { channelsOf, listens, workspaceOf } from './places.ts';
import { receiver } from './receiver.ts';
import { render, TEXT_LENGTH } from './render.ts';
import { sender } from './sender.ts';
import { verify } from './verify.ts';

const credential = z.object({
  bot_token: tokenSchema('The Bot User OAuth Token of your app: xoxb-…').describe(
    'Bot User OAuth Token of the app (xoxb-…), from https://api.slack.com/apps → OAuth & Permissions.',
  ),
  app_token: tokenSchema('An app-level token of your app: xapp-…')
    .optional()
    .describe(
      'App-level token (xapp-…) with the scope connections:write: messages then come at once, by Socket Mode. From ' +
        'Basic Information → App-Level Tokens; Socket Mode has to be switched on.',
    ),
  signing_secret: tokenSchema('The Signing Secret of your app.')
    .optional()
    .describe(
      'Signing Secret of the app, from Basic Information: messages then come at once, by the Events API, when ' +
        'events_url has been entered as its Request URL.',
    ),
});

const MAX_CHANNELS = 100;

const workspaceHint = 'The id of the workspace: T…, in the address of Slack in a browser.';
const channelHint = 'The id of a channel: C…, at the bottom of the channel’s details.';

const settings = z.object({
  workspace_id: z
    .string({ error: workspaceHint })
    .regex(/^[TE][A-Z0-9]{5,30}$/, workspaceHint)
    .describe('Workspace to listen in.'),
  channel_ids: z
    .array(z.string({ error: channelHint }).regex(/^[CGD][A-Z0-9]{5,30}$/, channelHint))
    .min(1, 'Name at least one channel.')
    .max(MAX_CHANNELS, `At most ${MAX_CHANNELS} channels.`)
    .refine((ids) => new Set(ids).size === ids.length, 'Name each channel once.')
    .describe(
      'Channels to listen in. Public ones are joined if the app may; to private ones the bot has to be invited.',
    ),
  direct_messages: z.boolean().optional().describe('Also answer direct messages to the bot. Default: false.'),
  reply_in: z
    .enum(['thread', 'channel'])
    .optional()
    .describe('Where a message outside of threads is answered: in a thread below it (default), or in the channel.'),
});

/**
 * Slack by whichever of three transports the secrets allow: Socket Mode, the Events API, or reading history; calls of the
 * Web API send the answers. None of them replays what was posted before, but history is there to be read.
 */
export const slack: Connector = {
  platform: 'slack',
  title: 'Slack',
  apiUrl: 'https://slack.com/api',
  credential,
  settings,
  // Bot, user, app, refresh and rotated tokens, and single-use socket tickets (platforms.md §3.1, §3.2.2).
  secretShapes: [/\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}/gi, /\bxapp-[A-Za-z0-9-]{8,}/gi, /\bticket=[^&"\s\\]+/gi],
  updatable: ['channel_ids', 'direct_messages', 'reply_in'],
  limits: { textLength: TEXT_LENGTH },
  deploymentSecrets: ['app_token', 'signing_secret'],
  hook,
  verify,
  beginning,
  listens: (integration, at) => listens(integration.settings, at),
  // A thread is named by its first message.
  opensThread: ({ id, at }) => at.thread !== undefined && id === messageId(at.channel, at.thread),
  testPlace: (of) => {
    const [channel] = channelsOf(of);
    return channel === undefined ? undefined : { scope: workspaceOf(of), channel };
  },
  render: (answer) => render(answer),
  receiver: (bot, secrets, port) => receiver(bot, secrets, port),
  sender: (bot, secrets, port) => sender(bot, secrets, port),
};
