import type { Health, PlaceTrouble } from '../../core/health.ts';

/** Where the owner of an app looks after it. */
export const APPS = 'https://api.slack.com/apps';

export type State = Omit<Health, 'since' | 'transport'>;

export const CONNECTING: State = { state: 'connecting' };
export const CONNECTED: State = { state: 'connected' };
export const BAD_CREDENTIALS: State = {
  state: 'error',
  code: 'bad_credentials',
  message: 'Slack no longer accepts the bot token. Reinstall the app, copy its bot token and update the integration.',
  fixUrl: APPS,
};
export const UNREACHABLE: State = {
  state: 'reconnecting',
  code: 'unreachable',
  message: 'Slack does not answer as it should; trying again.',
};
export const LIMITED: State = { state: 'reconnecting', code: 'rate_limited', message: 'Slack asked us to wait.' };
export const STORE_UNAVAILABLE: State = {
  state: 'reconnecting',
  code: 'store_unavailable',
  message: 'Messages wait at Slack until they can be stored here.',
};

/** What the platform's own no means for one channel, or for all direct messages. It is asked again now and then. */
export function unreadable(channel: string | undefined, error: string, needed?: string): PlaceTrouble {
  const place = channel === undefined ? 'direct messages' : `channel ${channel}`;
  const where =
    channel === undefined
      ? ({ setting: 'direct_messages', value: true } as const)
      : { setting: 'channel_ids', value: channel };
  if (error === 'missing_scope' || error === 'not_allowed_token_type') {
    const scope = needed ? ` ("${needed}")` : '';
    return {
      ...where,
      code: 'missing_scope',
      message: `The app may not read ${place}. Add the missing scope${scope} to it and reinstall it.`,
      fixUrl: APPS,
    };
  }
  if (error === 'not_in_channel' || error === 'channel_not_found') {
    const message = `The bot is not in ${place}. Invite it there to be heard.`;
    return { ...where, code: 'not_in_channel', message };
  }
  return { ...where, code: 'channel_unreadable', message: `Slack does not let ${place} be read (${error}).` };
}

/** The socket of an app. */
export const LOST: State = {
  state: 'reconnecting',
  code: 'connection_lost',
  message: 'The connection to Slack ended; connecting again.',
};
export const CROWDED: State = {
  state: 'reconnecting',
  code: 'too_many_websockets',
  message:
    'Slack counts too many connections of this app. Stop other programs that use its app-level token; trying again.',
};
export const UNTRUSTED: State = {
  state: 'reconnecting',
  code: 'untrusted_address',
  message: 'The address that Slack gave for the connection is not its own; refused. Trying again.',
};
export const WRONG_APP: State = {
  state: 'error',
  code: 'wrong_app',
  message: 'The app-level token belongs to another app than the connection that Slack opened with it.',
  fixUrl: APPS,
};
export const SOCKET_MODE_OFF: State = {
  state: 'error',
  code: 'socket_mode_off',
  message:
    'Socket Mode is switched off for this app. Switch it on in the app’s settings; within five minutes it is used again.',
  fixUrl: APPS,
};
export const BAD_APP_TOKEN: State = {
  state: 'error',
  code: 'invalid_app_token',
  message:
    'Slack does not accept the app-level token. Generate one with the scope "connections:write" and update the ' +
    'integration.',
  fixUrl: APPS,
};
export const OTHER_CONNECTIONS: State = {
  state: 'connected',
  code: 'other_connections',
  message:
    'Another program is connected with the app-level token of this app and gets a part of its events. Stop it, or give ' +
    'it an app of its own. Until then messages can be late by some minutes.',
};

/** Notes on a link that works. */
export const SOCKET_SILENT: State = {
  state: 'connected',
  code: 'socket_silent',
  message: 'The connection to Slack is open but brought no events lately; messages are read from history meanwhile.',
};
export const EVENTS_SILENT: State = {
  state: 'connected',
  code: 'events_silent',
  message:
    'Slack sends no events any more; messages are read from history meanwhile. Look at "Event Subscriptions" in the ' +
    'app’s settings.',
  fixUrl: APPS,
};

export function eventsPending(url: string | undefined): State {
  const where = url === undefined ? 'the hook’s URL' : url;
  return {
    state: 'connected',
    code: 'events_pending',
    message:
      `No event has come from Slack yet; messages are read from history meanwhile. Enter ${where} as Request URL under ` +
      '"Event Subscriptions" and subscribe to the message events.',
    fixUrl: APPS,
  };
}

export const POLLING_ONLY: State = {
  state: 'connected',
  code: 'polling_only',
  message:
    'Messages are read from history every few seconds, and in quiet channels every minute. With an app-level token ' +
    '(Socket Mode) or the signing secret (Events API) they arrive at once.',
  fixUrl: APPS,
};

/** `reads`: how many channels and threads share one call a minute. */
export function historyCapped(reads: number): State {
  const late = reads <= 1 ? 'about a minute' : `up to ${reads} minutes`;
  return {
    state: 'connected',
    code: 'history_capped',
    message:
      `Slack lets this app read history only once a minute, so messages are late by ${late}. Add an app-level token ` +
      '(Socket Mode) or the signing secret (Events API): then they arrive at once.',
    fixUrl: APPS,
  };
}
