import type { Verification } from '../../core/connector.ts';
import { APPS } from './states.ts';
import type { Reply } from './wire.ts';

export type Negative = Extract<Verification, { ok: false }>;

/** Ends a verification from anywhere in it. */
export class Refused extends Error {
  readonly verdict: Negative;
  constructor(verdict: Negative) {
    super('refused');
    this.verdict = verdict;
  }
}

export function appPage(appId: string | undefined): string {
  return appId === undefined ? APPS : `${APPS}/${encodeURIComponent(appId)}`;
}

export function rejected(
  reason: string,
  message: string,
  fixUrl?: string,
  details?: Readonly<Record<string, unknown>>,
): Negative {
  return { ok: false, kind: 'rejected', reason, message, ...(fixUrl && { fixUrl }), ...(details && { details }) };
}

export function unavailable(retryAfterMs?: number): Negative {
  const message = 'Slack cannot be asked at the moment.';
  return { ok: false, kind: 'unavailable', message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const DEATHS: Readonly<Record<string, string>> = {
  token_expired: 'This bot token has expired. Tokens that rotate cannot be used: make an app without token rotation.',
  token_revoked: 'This bot token has been revoked. Install the app again and copy the new Bot User OAuth Token.',
  account_inactive: 'The bot or its workspace has been deactivated. Install the app again and copy the new token.',
  org_login_required: 'The workspace is being moved into an organisation. Try again when that is done.',
};

/** What a call that did not succeed says about the bot's token, whatever the call was. */
export function refusal(reply: Exclude<Reply, { kind: 'ok' }>): Negative {
  switch (reply.kind) {
    case 'unauthorized': {
      const message =
        DEATHS[reply.error] ??
        'Slack does not accept this bot token. Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions.';
      return rejected('invalid_bot_token', message, APPS, { error: reply.error });
    }
    case 'limited':
      return unavailable(reply.afterMs);
    case 'failed':
      return unavailable();
    case 'refused':
      if (reply.error === 'missing_scope') return missingScope([reply.needed ?? ''].filter(Boolean));
      if (reply.error === 'not_allowed_token_type') return notABot();
      return rejected('access_denied', `Slack refuses this app: ${reply.error}. Ask an admin of the workspace.`, APPS, {
        error: reply.error,
      });
  }
}

export function notABot(): Negative {
  const message =
    'This token is not that of a bot. Use the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of your app.';
  return rejected('not_a_bot', message, APPS);
}

/** Workspaces may grant fewer scopes than an app asks for, and new ones count only after it was installed again [S-i2]. */
export function missingScope(scopes: readonly string[], appId?: string): Negative {
  const message =
    `The app lacks ${scopes.length === 1 ? 'the scope' : 'the scopes'} ${scopes.join(', ')}. Add them under OAuth & ` +
    'Permissions → Bot Token Scopes, install the app again, and send its new token if it has changed.';
  return rejected('missing_scope', message, appPage(appId), { missing_scopes: scopes });
}
