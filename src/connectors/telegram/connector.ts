import { z } from 'zod';
import type { Connector } from '../../core/connector.ts';
import type { Settings } from '../../core/integration.ts';
import { tokenSchema } from '../shared/token.ts';
import { hook } from './hook.ts';
import { polling } from './polling.ts';
import { render, TEXT_LENGTH } from './render.ts';
import { sender } from './sender.ts';
import { beginning, verify } from './verify.ts';
import { webhook } from './webhook.ts';

const credential = z.object({
  bot_token: tokenSchema('The token of your bot, as @BotFather shows it: 123456789:AA…').describe(
    'Token of the bot, from @BotFather (https://t.me/BotFather).',
  ),
});

const MAX_CHATS = 100;

const settings = z.object({
  channel_ids: z
    .array(z.string().regex(/^-?\d{1,20}$/, 'The number of a chat, such as "-1001234567890".'))
    .max(MAX_CHATS, `At most ${MAX_CHATS} chats.`)
    .refine((ids) => new Set(ids).size === ids.length, 'Name each chat once.')
    .optional()
    .describe('Chats to listen in. Absent or empty: every chat the bot is in, private chats included.'),
});

/** Empty when there is no allow-list. */
function chatsOf(of: Settings): readonly string[] {
  const ids = of['channel_ids'];
  return Array.isArray(ids) ? ids.map(String) : [];
}

/**
 * Telegram by the Bot API: a webhook brings the messages where the platform can reach us, else one long poll per bot;
 * plain calls send the answers. A bot has exactly one consumer [T1], so an integration claims it as a whole. The platform
 * can neither remove a duplicate nor say whether a message arrived, so there is no `lookUp`.
 */
export const telegram: Connector = {
  platform: 'telegram',
  title: 'Telegram',
  apiUrl: 'https://api.telegram.org',
  credential,
  settings,
  // `<id>:<35 characters>`, the colon perhaps percent-encoded (platforms.md §2.1).
  secretShapes: [/(?<!\d)\d{5,16}(?::|%3A)[A-Za-z0-9_-]{20,}/gi],
  updatable: ['channel_ids'],
  limits: { textLength: TEXT_LENGTH },
  verify: (secrets, _settings, port) => verify(secrets, port),
  // All chats share one position: what is new for one of them cannot begin without losing messages of the others.
  beginning: async (secrets, _settings, port, { before }) =>
    before ? { ok: true, cursors: [] } : await beginning(secrets, port),
  listens: (integration, at) => {
    const chats = chatsOf(integration.settings);
    return chats.length === 0 || chats.includes(at.channel);
  },
  testPlace: (of) => {
    const [channel] = chatsOf(of);
    return channel === undefined ? undefined : { channel };
  },
  moved: (of, from, to) => {
    const chats = chatsOf(of);
    if (!chats.includes(from)) return of;
    return { ...of, channel_ids: [...new Set(chats.map((id) => (id === from ? to : id)))] };
  },
  render: (answer) => render(answer),
  hook,
  receiver: (bot, secrets, port) => {
    const { hooksUrl } = port;
    return hooksUrl === undefined ? polling(bot, secrets, port) : webhook(bot, secrets, port, hooksUrl);
  },
  sender: (_bot, secrets, port) => sender(secrets, port),
};
