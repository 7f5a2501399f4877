import { z } from 'zod';
import type { Beginning, Connector, Verification } from '../../src/core/connector.ts';
import type { Credential, Settings } from '../../src/core/integration.ts';

/**
 * A platform that does as its tokens say: `ok-<bot>` is a good token of that bot, `rejected`, `down` and `bug` are what
 * they are called. Other shapes of settings than its own can be handed in, to stand for other platforms.
 */
export interface FakePlatform {
  readonly connector: Connector;
  /** What was asked, in order: `verify ok-1`, `beginning ok-1`. */
  readonly calls: string[];
  /** What `beginning` answers, when it is not to succeed. */
  beginningFails: (Beginning & { ok: false }) | undefined;
  /** Holds up `verify` until it resolves. */
  hold: Promise<void> | undefined;
}

interface FakeOptions {
  readonly platform?: string;
  readonly title?: string;
  readonly settings?: Connector['settings'];
  readonly updatable?: readonly string[];
  readonly tokens?: (token: string) => string;
}

const channels = z
  .array(z.string().regex(/^C\d+$/, 'Must be a channel ID.'))
  .min(1)
  .max(100)
  .refine((ids) => new Set(ids).size === ids.length, 'Must be unique.');

export function fakePlatform(options: FakeOptions = {}): FakePlatform {
  const platform = options.platform ?? 'acme';
  const fake: { -readonly [K in keyof FakePlatform]: FakePlatform[K] } = {
    calls: [],
    beginningFails: undefined,
    hold: undefined,
    connector: {
      platform,
      title: options.title ?? 'Acme',
      apiUrl: 'http://acme.invalid',
      credential: z.object({
        bot_token: z.string().regex(/^[^\s/?#%\\]{1,512}$/, 'Must be a token.'),
        app_token: z.string().min(1).max(512).optional(),
      }),
      settings:
        options.settings ??
        z.object({
          room_id: z.string().regex(/^\d{3,20}$/, 'Must be a room ID.'),
          channel_ids: channels,
          greeting: z.string().max(256).optional(),
        }),
      secretShapes: [],
      updatable: options.updatable ?? ['channel_ids', 'greeting'],
      limits: { textLength: 2000 },
      verify: async (credential, settings) => {
        fake.calls.push(`verify ${credential['bot_token']}`);
        await fake.hold;
        return verification(credential, settings);
      },
      beginning: async (credential) => {
        fake.calls.push(`beginning ${credential['bot_token']}`);
        return fake.beginningFails ?? { ok: true, cursors: [{ name: 'offset', value: '7' }] };
      },
      listens: () => true,
      testPlace: () => undefined,
      render: async (text) => [{ text }],
      receiver: () => ({ run: async () => {} }),
      sender: () => ({ send: async () => ({ ok: true, messageId: '1' }) }),
    },
  };
  return fake;
}

function verification(credential: Credential, settings: Settings): Verification {
  const token = credential['bot_token'] ?? '';
  if (token.includes('down')) return { ok: false, kind: 'unavailable', message: 'Down.', retryAfterMs: 1500 };
  if (token.includes('bug')) throw new Error(`bug with ${token}`);
  if (token.includes('rejected')) {
    const fixUrl = 'https://acme.example/fix';
    return { ok: false, kind: 'rejected', reason: 'invalid_bot_token', message: 'No such token.', fixUrl };
  }
  const listed = settings['channel_ids'];
  return {
    ok: true,
    identity: /ok-(\w+)/.exec(token)?.[1] ?? token,
    profile: { name: 'bot' },
    claims: Array.isArray(listed) ? (listed as string[]) : [''],
    notices: [],
  };
}
