import type { Health } from '../../core/health.ts';
import { BOT_FATHER, WEBHOOK_HELP } from './verify.ts';

/** What the owner is told of the link; the same whichever way the updates come. */
export type State = Omit<Health, 'since' | 'transport'>;

export const CONNECTED: State = { state: 'connected' };
export const STORE_UNAVAILABLE: State = {
  state: 'reconnecting',
  code: 'store_unavailable',
  message: 'Messages wait at Telegram until they can be stored here.',
};
export const LIMITED: State = { state: 'reconnecting', code: 'rate_limited', message: 'Telegram asked us to wait.' };
export const UNREACHABLE: State = {
  state: 'reconnecting',
  code: 'unreachable',
  message: 'Telegram does not answer as it should; trying again.',
};
export const CONFLICT: State = {
  state: 'error',
  code: 'conflict',
  message:
    'Another program receives the messages of this bot with the same token. Stop it, or give it a bot of its own; ' +
    'this connection then recovers by itself.',
};
export const WEBHOOK_ACTIVE: State = {
  state: 'error',
  code: 'webhook_active',
  message:
    'Another service has set a webhook and receives the messages of this bot. Disconnect the bot there; this ' +
    'connection then recovers by itself.',
  fixUrl: WEBHOOK_HELP,
};
export const WEBHOOK_TAKEN: State = {
  state: 'error',
  code: 'webhook_taken',
  message:
    'Another program with the same token has removed or replaced our webhook and receives the messages of this bot. ' +
    'Stop it, or give it a bot of its own; this connection then recovers by itself, within the hour.',
  fixUrl: WEBHOOK_HELP,
};
export const BAD_PUBLIC_URL: State = {
  state: 'error',
  code: 'bad_public_url',
  message:
    'Telegram refuses the public address of this server. It must be https, on port 443, 80, 88 or 8443, under a name ' +
    'that the whole internet can resolve. The operator of this server can correct it.',
};
export const BAD_CREDENTIALS: State = {
  state: 'error',
  code: 'bad_credentials',
  message: 'Telegram no longer accepts the bot token. Copy the current one from @BotFather and update the integration.',
  fixUrl: BOT_FATHER,
};

/** What the platform's words for a failed delivery come down to. They are its own, so only these sentences are shown. */
const CAUSES: readonly (readonly [words: RegExp, cause: string])[] = [
  [/ssl|certificate/i, 'it does not accept the certificate'],
  [/timed? ?out|timeout/i, 'no answer comes in time'],
  [/refused/i, 'the connection is refused'],
  [/resolve|getaddrinfo/i, 'its name cannot be resolved'],
];

/** Telegram cannot reach us: nothing is lost for 24 hours [T5], but nothing arrives either. */
export function webhookFailing(words: string): State {
  const status = /wrong response from the webhook: (\d{3})\b/i.exec(words)?.[1];
  const known = CAUSES.find(([pattern]) => pattern.test(words))?.[1];
  const cause = status === undefined ? (known ?? 'the connection fails') : `it is answered with status ${status}`;
  return {
    state: 'reconnecting',
    code: 'webhook_failing',
    message:
      `Telegram cannot deliver messages to the public address of this server: ${cause}. ` +
      'They wait at Telegram for up to 24 hours.',
  };
}
