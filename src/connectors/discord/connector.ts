import { z } from 'zod';
import type { Connector } from '../../core/connector.ts';
import { tokenSchema } from '../shared/token.ts';
import { beginning } from './beginning.ts';
import { gateway } from './gateway.ts';
import { channelsOf, guildOf, listens } from './places.ts';
import { render, TEXT_LENGTH } from './render.ts';
import { sender } from './sender.ts';
import { verify } from './verify.ts';

const TOKEN_HINT = 'The token of your bot, from https://discord.com/developers/applications → Bot → Reset Token.';

const credential = z.object({
  bot_token: z
    .string({ error: TOKEN_HINT })
    // Half of the examples in the world show the token behind the scheme of its header.
    .overwrite((token) => token.replace(/^Bot /, ''))
    .pipe(tokenSchema(TOKEN_HINT))
    .describe('Token of the bot, from the developer portal (https://discord.com/developers/applications).'),
});

const MAX_CHANNELS = 100;

const snowflake = (message: string) => z.string({ error: message }).regex(/^\d{15,20}$/, message);
const COPY_ID = 'switch on Developer Mode in Discord (Settings → Advanced), then right-click → Copy ID.';

const settings = z.object({
  guild_id: snowflake(`The number of the server: ${COPY_ID}`).describe('Server (guild) to listen in.'),
  channel_ids: z
    .array(snowflake(`The number of a channel: ${COPY_ID}`))
    .min(1, 'Name at least one channel.')
    .max(MAX_CHANNELS, `At most ${MAX_CHANNELS} channels.`)
    .refine((ids) => new Set(ids).size === ids.length, 'Name each channel once.')
    .describe(
      'Channels to listen in: text, voice, announcement, forum, or single threads. Threads below them included.',
    ),
  direct_messages: z.boolean().optional().describe('Also answer direct messages to the bot. Default: false.'),
});

/**
 * Discord: one gateway connection per bot brings the messages, REST calls send the answers. The platform replays by
 * itself only what a resumed session missed; what was said between two sessions is read from the history.
 */
export const discord: Connector = {
  platform: 'discord',
  title: 'Discord',
  apiUrl: 'https://discord.com/api',
  credential,
  settings,
  // Three base64url segments (platforms.md §1.1).
  secretShapes: [/\b[A-Za-z0-9_-]{23,30}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,45}\b/g],
  updatable: ['channel_ids', 'direct_messages'],
  limits: { textLength: TEXT_LENGTH },
  verify: (secrets, of, port) => verify(secrets, of, port),
  beginning: (secrets, of, port, state) => beginning(secrets, of, port, state),
  listens: (integration, at) => listens(integration.settings, at),
  testPlace: (of) => {
    const [channel] = channelsOf(of);
    const scope = guildOf(of);
    return channel === undefined || scope === undefined ? undefined : { scope, channel };
  },
  render: (answer) => render(answer),
  receiver: (bot, secrets, port) => gateway(bot, secrets, port),
  sender: (bot, secrets, port) => sender(bot, secrets, port),
};
