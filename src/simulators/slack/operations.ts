import type { Operation } from '../shared/control-exchange.ts';
import { type Body, number, on, pick, text } from '../shared/control-fields.ts';
import { isObject } from '../shared/json.ts';
import type { AppOptions, BotHandle, BotOptions } from './apps.ts';
import type { SlackControls } from './controls.ts';
import { type Fault, faultKinds } from './faults.ts';
import type { ChannelHandle, SayAsBotOptions } from './handles.ts';
import type { RateLimits } from './limits.ts';
import type { DisconnectReason } from './outlet.ts';
import type { ChannelKind, TokenState } from './world.ts';

const reasons: readonly string[] = ['warning', 'refresh_requested', 'link_disabled', 'too_many_websockets'];
const kinds: readonly string[] = ['public', 'private', 'im', 'mpim'];
const deadStates: readonly string[] = ['invalid_auth', 'token_revoked', 'token_expired', 'account_inactive'];

/** The control API: the same as the methods of the simulator and its handles, by name. */
export const operations: Readonly<Record<string, Operation<SlackControls>>> = {
  'create-workspace': (simulator, body) => {
    const { id, name } = simulator.createWorkspace(pick(body, ['name'], 'string'));
    return { team_id: id, name };
  },
  'create-app': (simulator, body) => {
    const { id, name, signingSecret, appToken } = simulator.createApp(appOptions(body));
    return { app_id: id, name, signing_secret: signingSecret, app_token: appToken };
  },
  install: (simulator, body) =>
    shownBot(simulator.install(some(body, 'app_id'), maybe(body, 'team_id') ?? simulator.home, botOptions(body))),
  'create-bot': (simulator, body) => {
    const workspace = maybe(body, 'team_id');
    return shownBot(simulator.createBot({ ...appOptions(body), ...botOptions(body), ...(workspace && { workspace }) }));
  },
  'create-user': (simulator, body) => {
    const { id, name } = simulator.createPerson(text(body, 'name'), maybe(body, 'team_id') ?? simulator.home);
    return { user_id: id, name };
  },
  'create-channel': (simulator, body) => {
    const workspace = maybe(body, 'team_id');
    return shownChannel(
      simulator.channel({
        ...pick(body, ['name'], 'string'),
        ...(body['kind'] === undefined ? {} : { kind: oneOf(body, 'kind', kinds) as ChannelKind }),
        members: list(body, 'members').map((id) => ({ id })),
        ...(workspace && { workspace }),
      }),
    );
  },
  'create-dm': (simulator, body) => shownChannel(simulator.dm(some(body, 'bot_id'), maybe(body, 'user_id'))),
  say: (simulator, body) => handle(simulator, body).say(text(body, 'text'), said(body)),
  'say-as-bot': (simulator, body) => handle(simulator, body).sayAsBot(text(body, 'text'), said(body)),
  edit: (simulator, body) => handle(simulator, body).edit(text(body, 'ts'), text(body, 'text')),
  unfurl: (simulator, body) => handle(simulator, body).unfurl(text(body, 'ts')),
  delete: (simulator, body) => handle(simulator, body).delete(text(body, 'ts')),
  join: (simulator, body) => handle(simulator, body).join(some(body, 'user_id')),
  leave: (simulator, body) => handle(simulator, body).leave(some(body, 'user_id')),
  archive: (simulator, body) => handle(simulator, body).archive(on(body)),
  transcript: (simulator, body) => handle(simulator, body).transcript(),
  ledger: (simulator) => simulator.ledger,
  'revoke-token': (simulator, body) => {
    const state = body['error'] === undefined ? 'token_revoked' : oneOf(body, 'error', deadStates);
    simulator.revokeToken(some(body, 'bot_id'), state as Exclude<TokenState, 'good'>, body['tell'] === true);
  },
  'new-token': (simulator, body) => ({ bot_token: simulator.newToken(some(body, 'bot_id')) }),
  uninstall: (simulator, body) => simulator.uninstall(some(body, 'bot_id')),
  'set-scopes': (simulator, body) => simulator.setScopes(some(body, 'bot_id'), list(body, 'scopes')),
  'socket-mode': (simulator, body) => simulator.setSocketMode(some(body, 'app_id'), on(body)),
  'request-url': (simulator, body) =>
    simulator.setRequestUrl(some(body, 'app_id'), body['url'] === undefined ? undefined : text(body, 'url')),
  'verify-url': async (simulator, body) => ({ verified: await simulator.verifyUrl(some(body, 'app_id')) }),
  capped: (simulator, body) => simulator.setCapped(some(body, 'app_id'), on(body)),
  disconnect: (simulator, body) =>
    simulator.disconnect(oneOf(body, 'reason', reasons) as DisconnectReason, maybe(body, 'app_id')),
  deafen: (simulator, body) => simulator.deafen(maybe(body, 'app_id'), on(body)),
  silence: (simulator, body) => simulator.silence(maybe(body, 'app_id'), on(body)),
  freeze: (simulator, body) => simulator.freeze(maybe(body, 'app_id'), on(body)),
  ghosts: (simulator, body) => {
    simulator.removeGhosts(some(body, 'app_id'));
    simulator.addGhosts(some(body, 'app_id'), number(body, 'count'));
  },
  garbage: (simulator, body) => simulator.garbage(maybe(body, 'app_id')),
  'deliver-times': (simulator, body) => simulator.deliverTimes(number(body, 'times')),
  settings: (simulator, body) => {
    const numbers = ['pingInterval', 'connectionTime', 'ackTime', 'deliverTimes', 'firstRetry', 'maxSockets'] as const;
    simulator.set({
      ...pick(body, numbers, 'number'),
      ...pick(body, ['socketsRefused', 'silentHello', 'authTestNamesApp'], 'boolean'),
      ...pick(body, ['socketUrl'], 'string'),
    });
  },
  fail: (simulator, body) => {
    const fault = body['fault'];
    if (!isObject(fault) || !faultKinds.includes(String(fault['kind']))) {
      throw new Error(`fault.kind is one of ${faultKinds}`);
    }
    simulator.fail({
      ...pick(body, ['method', 'channel'], 'string'),
      ...pick(body, ['times'], 'number'),
      ...(body['bot_id'] === undefined ? {} : { botId: text(body, 'bot_id') }),
      fault: fault as unknown as Fault,
    });
  },
  'clear-faults': (simulator) => simulator.clearFaults(),
  latency: (simulator, body) =>
    simulator.setLatency(number(body, 'ms'), body['method'] === undefined ? '' : text(body, 'method')),
  limits: (simulator, body) => simulator.setLimits(body['off'] === true ? false : (body as RateLimits)),
  cut: (simulator) => simulator.cut(),
  down: (simulator) => simulator.down(),
  up: (simulator) => simulator.up(),
  advance: (simulator, body) => simulator.advance(number(body, 'ms')),
};

export const readable: ReadonlySet<string> = new Set(['transcript', 'ledger']);

function handle(simulator: SlackControls, body: Body): ChannelHandle {
  return simulator.handle(text(body, 'channel'));
}

function shownBot(bot: BotHandle): unknown {
  const { id, botId, appId, teamId, token, appToken, signingSecret } = bot;
  return {
    id,
    bot_id: botId,
    app_id: appId,
    team_id: teamId,
    bot_token: token,
    app_token: appToken,
    signing_secret: signingSecret,
  };
}

function shownChannel({ id, channel, teamId, speaker }: ChannelHandle): unknown {
  return { channel: id, name: channel.name, kind: channel.kind, team_id: teamId, user_id: speaker.id };
}

function said(body: Body): SayAsBotOptions {
  const from = maybe(body, 'from');
  const mention = maybe(body, 'mention');
  return {
    ...(from && { from }),
    ...(mention && { mention }),
    ...pick(body, ['thread', 'subtype', 'username'], 'string'),
    ...pick(body, ['broadcast', 'classic'], 'boolean'),
  };
}

function appOptions(body: Body): AppOptions {
  return {
    ...pick(body, ['name', 'requestUrl', 'signingSecret'], 'string'),
    ...pick(body, ['socketMode', 'capped'], 'boolean'),
    ...(body['events'] === undefined ? {} : { events: list(body, 'events') }),
  };
}

function botOptions(body: Body): BotOptions {
  return {
    ...pick(body, ['username'], 'string'),
    ...(body['scopes'] === undefined ? {} : { scopes: list(body, 'scopes') }),
  };
}

function list(body: Body, name: string): string[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`${name} is a list`);
  return value.map(String);
}

function oneOf(body: Body, name: string, values: readonly string[]): string {
  const value = text(body, name);
  if (!values.includes(value)) throw new Error(`${name} is one of ${values}`);
  return value;
}

function some(body: Body, name: string): { readonly id: string } {
  return { id: text(body, name) };
}

function maybe(body: Body, name: string): { readonly id: string } | undefined {
  return body[name] === undefined ? undefined : some(body, name);
}
