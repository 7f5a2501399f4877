import type { Beginning, PlatformPort, Verification } from '../../core/connector.ts';
import type { Notice } from '../../core/health.ts';
import type { Credential } from '../../core/integration.ts';
import { isHere } from './address.ts';
import { ALLOWED_UPDATES, type Api, conflictOf, createApi, isObject, type Reply, type WireUser } from './wire.ts';

export const BOT_FATHER = 'https://t.me/BotFather';
export const WEBHOOK_HELP = 'https://core.telegram.org/bots/api#deletewebhook';
/** The name of the one cursor: the `update_id` to ask for next. */
export const OFFSET = 'offset';

/** For both calls together: somebody waits for the answer. */
const DEADLINE_MS = 10_000;

/** Two calls: is the token good, and may we receive? A webhook of another service is never removed behind its back. */
export async function verify(credential: Credential, port: PlatformPort): Promise<Verification> {
  const ask = withDeadline(credential, port);
  const me = await ask('getMe', {});
  if (me.kind !== 'ok') return refusal(me);
  const user: WireUser = isObject(me.result) ? me.result : {};
  if (!Number.isSafeInteger(user.id)) return unavailable;
  if (user.is_bot !== true) {
    const message = 'This token belongs to a person and not to a bot. Create a bot with @BotFather and use its token.';
    return { ok: false, kind: 'rejected', reason: 'not_a_bot', message, fixUrl: BOT_FATHER };
  }
  const webhook = await ask('getWebhookInfo', {});
  if (webhook.kind !== 'ok') return refusal(webhook);
  const url = isObject(webhook.result) ? webhook.result['url'] : undefined;
  if (typeof url === 'string' && url !== '' && !isHere(url, port)) return webhookActive(url);
  return {
    ok: true,
    identity: String(user.id),
    profile: {
      username: String(user.username ?? ''),
      name: String(user.first_name ?? ''),
      canJoinGroups: user.can_join_groups === true,
      canReadAllGroupMessages: user.can_read_all_group_messages === true,
    },
    claims: [''],
    notices: noticesOf(user),
  };
}

/**
 * Asks for the newest waiting update only, which makes the server forget all earlier ones [T1]. That is meant: they were
 * written before the integration was there, or while it was paused, and must never be answered. The newest itself is
 * confirmed by the first poll, whose offset is the cursor. With nothing waiting there is no position, and an old one
 * must not stay: after a quiet week the next number is random [T1]. A webhook of our own, which a pause could not take down,
 * is in the way of a poll: it goes, with all that waits.
 */
export async function beginning(credential: Credential, port: PlatformPort): Promise<Beginning> {
  const ask = withDeadline(credential, port);
  const reply = await ask('getUpdates', { offset: -1, limit: 1, timeout: 0, allowed_updates: ALLOWED_UPDATES });
  if (conflictOf(reply) === 'webhook') return await anew(ask, port);
  if (reply.kind !== 'ok') return refusal(reply);
  if (!Array.isArray(reply.result)) return unavailable;
  const ids = reply.result.map((update: unknown) => (isObject(update) ? Number(update['update_id']) : Number.NaN));
  if (!ids.every(Number.isSafeInteger)) return unavailable;
  return { ok: true, cursors: [{ name: OFFSET, value: ids.length > 0 ? String(Math.max(...ids) + 1) : null }] };
}

async function anew(ask: Ask, port: PlatformPort): Promise<Beginning> {
  const info = await ask('getWebhookInfo', {});
  if (info.kind !== 'ok') return refusal(info);
  const url = isObject(info.result) ? info.result['url'] : undefined;
  // Gone since the poll was refused: to be asked again.
  if (typeof url !== 'string' || url === '') return unavailable;
  if (!isHere(url, port)) return webhookActive(url);
  const removed = await ask('deleteWebhook', { drop_pending_updates: true });
  return removed.kind === 'ok' ? { ok: true, cursors: [{ name: OFFSET, value: null }] } : refusal(removed);
}

type Ask = (method: Parameters<Api>[0], parameters: Parameters<Api>[1]) => Promise<Reply>;

function withDeadline(credential: Credential, port: PlatformPort): Ask {
  const api: Api = createApi(credential['bot_token'] ?? '', port);
  const end = port.clock.elapsed() + DEADLINE_MS;
  return (method, parameters) => api(method, parameters, { timeoutMs: Math.max(1, end - port.clock.elapsed()) });
}

type Negative = Extract<Verification, { ok: false }>;

const unavailable: Extract<Negative, { kind: 'unavailable' }> = {
  ok: false,
  kind: 'unavailable',
  message: 'Telegram cannot be asked at the moment.',
};

function refusal(reply: Exclude<Reply, { kind: 'ok' }>): Negative {
  if (reply.kind === 'unauthorized') {
    const message = 'Telegram does not accept this bot token. Copy it from @BotFather, or make a new one with /revoke.';
    return { ok: false, kind: 'rejected', reason: 'invalid_bot_token', message, fixUrl: BOT_FATHER };
  }
  if (conflictOf(reply) === 'webhook') return webhookActive('');
  return reply.kind === 'limited' ? { ...unavailable, retryAfterMs: reply.afterMs } : unavailable;
}

/** Names the host alone: the rest of a webhook's URL is often a secret of its owner. */
function webhookActive(url: string): Negative {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return {
    ok: false,
    kind: 'rejected',
    reason: 'webhook_active',
    message: `Another service${host && ` (${host})`} receives this bot's messages by webhook. Disconnect the bot there first, or use another bot.`,
    fixUrl: WEBHOOK_HELP,
    ...(host && { details: { host } }),
  };
}

function noticesOf(user: WireUser): Notice[] {
  const notices: Notice[] = [];
  if (user.can_read_all_group_messages !== true) {
    notices.push({
      code: 'privacy_mode',
      message:
        'Privacy mode is on: in groups the bot sees only commands, mentions and replies to it. To let it see all ' +
        'messages, send /setprivacy to @BotFather, choose Disable, then remove the bot from each group and add it ' +
        'again; or make it an administrator of the group.',
      fixUrl: BOT_FATHER,
    });
  }
  if (user.can_join_groups !== true) {
    notices.push({
      code: 'cannot_join_groups',
      message: 'The bot cannot be added to groups. Send /setjoingroups to @BotFather and choose Enable.',
      fixUrl: BOT_FATHER,
    });
  }
  return notices;
}
