import type { PlatformPort, Verification } from '../../core/connector.ts';
import type { Notice } from '../../core/health.ts';
import type { Credential, Settings } from '../../core/integration.ts';
import { appOf } from './addresses.ts';
import { checkChannels } from './channels.ts';
import { channelsOf, wantsDirect, workspaceOf } from './places.ts';
import { lacking, scopesIn } from './scopes.ts';
import { secretsFor } from './secrets.ts';
import { APPS } from './states.ts';
import { appPage, missingScope, notABot, Refused, refusal, rejected, unavailable } from './verdict.ts';
import { type Api, createApi, isObject } from './wire.ts';

/** For all calls together: somebody waits for the answer. */
const DEADLINE_MS = 10_000;

/** What `auth.test` says of the token. */
interface Identity {
  readonly team: string;
  readonly teamName: string | undefined;
  readonly userId: string;
  readonly botId: string;
  readonly name: string;
  readonly url: string | undefined;
  readonly appId: string | undefined;
  readonly scopes: ReadonlySet<string> | undefined;
}

type Call = (method: Parameters<Api>[0], args: Parameters<Api>[1]) => ReturnType<Api>;

/**
 * Three calls as a rule: the token, its app, its channels; one more for each channel that it is not in, and one for an app
 * token. Nothing is changed but that the bot joins public channels, and that comes last.
 */
export async function verify(credential: Credential, settings: Settings, port: PlatformPort): Promise<Verification> {
  const end = port.clock.elapsed() + DEADLINE_MS;
  const caller = (token: string | undefined): Call => {
    const api = createApi(token ?? '', port);
    return (method, args) => api(method, args, { timeoutMs: Math.max(1, end - port.clock.elapsed()) });
  };
  try {
    return await check(credential, settings, port, caller);
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    // An answer in a shape that nobody promised, and nothing that its owner could mend.
    port.log.warn('verification_unreadable', { error });
    return unavailable();
  }
}

async function check(
  credential: Credential,
  settings: Settings,
  port: PlatformPort,
  caller: (token: string | undefined) => Call,
): Promise<Verification> {
  refuseOtherTokens(credential);
  const ask = caller(credential['bot_token']);
  const me = await identify(ask, workspaceOf(settings));
  // No better transport can be told from none before the app is known.
  const secrets = secretsFor(credential, port.deployment, me.appId);
  const direct = wantsDirect(settings);
  // What nobody pushes has to be looked for, and so have the conversations that it may be in.
  const polled = secrets.appToken === undefined && secrets.signingSecret === undefined;
  const needed = ['chat:write', ...(direct ? ['im:history'] : []), ...(direct && polled ? ['im:read'] : [])];
  const missing = lacking(me.scopes, needed);
  if (missing.length > 0) throw new Refused(missingScope(missing, me.appId));
  if (credential['app_token'] !== undefined) await checkAppToken(credential['app_token'], me.appId, caller);
  const wanted = channelsOf(settings);
  await checkChannels(wanted, me, ask);
  const { team, teamName, userId, botId, appId, name, url } = me;
  return {
    ok: true,
    identity: `${team}/${userId}`,
    profile: { team, ...(teamName && { teamName }), userId, botId, ...(appId && { appId }), name, ...(url && { url }) },
    claims: [...wanted],
    notices: noticesOf(me, secrets, direct, port.hooksUrl !== undefined),
  };
}

/** Told apart by their beginnings [S13], so that nobody searches for what is wrong with a token that works elsewhere. */
function refuseOtherTokens(credential: Credential): void {
  const { bot_token: bot = '', app_token: app } = credential;
  if (/^xoxe[.-]/.test(bot)) {
    const message =
      'This token rotates: it dies within twelve hours. Token rotation cannot be switched off again, so make a new app ' +
      'without it and use its Bot User OAuth Token (xoxb-…).';
    throw new Refused(rejected('rotating_token', message, APPS));
  }
  if (bot.startsWith('xapp-')) {
    const message =
      'This is an app-level token: it belongs into app_token. bot_token is the Bot User OAuth Token (xoxb-…).';
    throw new Refused(rejected('not_a_bot', message, APPS));
  }
  if (bot.startsWith('xoxp-')) throw new Refused(notABot());
  if (app !== undefined && !app.startsWith('xapp-')) throw new Refused(badAppToken());
}

async function identify(ask: Call, workspace: string): Promise<Identity> {
  const reply = await ask('auth.test', {});
  if (reply.kind !== 'ok') throw new Refused(refusal(reply));
  const { body } = reply;
  const said = (name: string) => (typeof body[name] === 'string' && body[name] !== '' ? body[name] : undefined);
  const [team, userId, botId] = [said('team_id'), said('user_id'), said('bot_id')];
  if (team === undefined || userId === undefined) throw new Refused(unavailable());
  if (botId === undefined) throw new Refused(notABot());
  if (team !== workspace && said('enterprise_id') !== workspace) {
    const message = `This token belongs to the workspace ${team}, not to ${workspace}.`;
    throw new Refused(
      rejected('wrong_workspace', message, undefined, { workspace_id: workspace, token_workspace_id: team }),
    );
  }
  const scopes = scopesIn(reply.headers);
  return {
    team,
    teamName: said('team'),
    userId,
    botId,
    name: said('user') ?? 'bot',
    url: said('url'),
    appId: said('app_id') ?? (await appIdOf(botId, scopes, ask)),
    scopes,
  };
}

/** Not needed, only useful: whatever goes wrong here, the app stays unknown. */
async function appIdOf(bot: string, scopes: ReadonlySet<string> | undefined, ask: Call): Promise<string | undefined> {
  if (scopes && !scopes.has('users:read')) return undefined;
  const reply = await ask('bots.info', { bot });
  const info = reply.kind === 'ok' ? reply.body['bot'] : undefined;
  const appId = isObject(info) ? info['app_id'] : undefined;
  return typeof appId === 'string' && appId !== '' ? appId : undefined;
}

async function checkAppToken(token: string, appId: string | undefined, caller: (token: string) => Call): Promise<void> {
  const app = appOf(token);
  if (appId !== undefined && app !== undefined && app !== appId) {
    const message = `app_token belongs to the app ${app}, bot_token to ${appId}. Both have to be of one app.`;
    throw new Refused(rejected('wrong_app', message, appPage(appId), { app_id: appId, app_token_app_id: app }));
  }
  const reply = await caller(token)('apps.connections.open', {});
  if (reply.kind === 'ok') return;
  if (reply.kind === 'limited' || reply.kind === 'failed') throw new Refused(refusal(reply));
  if (reply.kind === 'unauthorized' || BAD_APP_TOKEN.includes(reply.error)) throw new Refused(badAppToken(appId));
  const message = `Slack opens no connection for this app (${reply.error}): switch on Socket Mode, or leave out app_token.`;
  throw new Refused(rejected('socket_mode_off', message, appPage(appId), { error: reply.error }));
}

const BAD_APP_TOKEN: readonly string[] = ['missing_scope', 'not_allowed_token_type', 'missing_args', 'access_denied'];

function badAppToken(appId?: string) {
  const message =
    'Slack does not accept app_token. Make one under Basic Information → App-Level Tokens with the scope ' +
    'connections:write (xapp-…), or leave it out.';
  return rejected('invalid_app_token', message, appPage(appId));
}

function noticesOf(
  { appId, scopes }: Identity,
  { appToken, signingSecret }: ReturnType<typeof secretsFor>,
  direct: boolean,
  reachable: boolean,
): Notice[] {
  const notices: Notice[] = [];
  const add = (code: string, message: string) => notices.push({ code, message, fixUrl: appPage(appId) });
  if (appToken === undefined && signingSecret === undefined) {
    add(
      'polling_only',
      'With a bot token alone Slack sends nothing: messages are looked for every few seconds, for some apps only once a ' +
        'minute. Add app_token (Socket Mode) or signing_secret (Events API) to get them at once.',
    );
  }
  if (appToken === undefined && signingSecret !== undefined) {
    add(
      reachable ? 'events_unproven' : 'no_public_url',
      reachable
        ? 'A signing secret cannot be checked before the first event. Enter events_url as the Request URL under Event ' +
            'Subscriptions; messages are polled until events arrive.'
        : 'Slack cannot reach this server, because it has no public address (REPLR_PUBLIC_URL): messages are polled.',
    );
  }
  if (direct && appToken === undefined && lacking(scopes, ['im:read']).length > 0) {
    add(
      'direct_messages_pushed_only',
      'Without the scope im:read direct messages that no event brought are not found.',
    );
  }
  if (lacking(scopes, ['users:read']).length > 0) {
    add(
      'no_user_names',
      'Without the scope users:read people are known to the REPLR by their ids instead of their names.',
    );
  }
  return notices;
}
