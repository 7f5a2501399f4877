import { randomBytes } from 'node:crypto';
import { ring } from '../shared/bell.ts';
import type { Scene } from './scene.ts';
import { type App, type Install, installOf, nextId, type TokenState, type User, type Workspace } from './world.ts';

/** Anything that is known by its id. */
export interface Somebody {
  readonly id: string;
}

export interface AppOptions {
  readonly name?: string;
  readonly socketMode?: boolean;
  readonly requestUrl?: string;
  readonly signingSecret?: string;
  readonly events?: readonly string[];
  readonly capped?: boolean;
}

export interface BotOptions {
  readonly username?: string;
  readonly scopes?: readonly string[];
}

/** What a test holds of an app in a workspace. */
export interface BotHandle {
  /** The bot's user id, `U…`. */
  readonly id: string;
  readonly botId: string;
  readonly appId: string;
  readonly teamId: string;
  readonly username: string;
  readonly app: App;
  /** The one that works now. */
  readonly token: string;
  readonly appToken: string;
  readonly signingSecret: string;
}

/** As in the manifest (platforms.md §3.6). */
export const usualEvents: readonly string[] = [
  'app_mention',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
  'member_joined_channel',
  'channel_left',
  'app_uninstalled',
  'tokens_revoked',
];

export const usualScopes: readonly string[] = [
  'app_mentions:read',
  'channels:history',
  'channels:join',
  'channels:read',
  'chat:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'reactions:write',
  'users:read',
];

export function createWorkspace({ world }: Scene, name: string): Workspace {
  const id = nextId(world, 'T');
  const workspace = { id, name, domain: `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${id.toLowerCase()}` };
  world.workspaces.set(id, workspace);
  return workspace;
}

export function createApp({ world }: Scene, options: AppOptions): App {
  const id = nextId(world, 'A');
  const app: App = {
    id,
    name: options.name ?? 'REPLR',
    signingSecret: options.signingSecret ?? randomBytes(16).toString('hex'),
    requestUrl: options.requestUrl,
    events: new Set(options.events ?? usualEvents),
    socketMode: options.socketMode ?? false,
    appToken: '',
    capped: options.capped ?? false,
  };
  world.apps.set(id, app);
  app.appToken = makeAppToken(world, app, ['connections:write']);
  return app;
}

/** Another app token; those made before stay good. */
export function makeAppToken(world: Scene['world'], app: App, scopes: readonly string[]): string {
  const token = `xapp-1-${app.id}-${digits(++world.lastId)}-${randomBytes(32).toString('hex')}`;
  world.tokens.set(token, { kind: 'app', app, scopes: new Set(scopes), state: 'good' });
  return token;
}

export function install(scene: Scene, app: App, workspace: Workspace, options: BotOptions): BotHandle {
  const { world } = scene;
  if (installOf(world, app, workspace)) throw new Error(`app ${app.id} is installed in ${workspace.id}`);
  const botId = nextId(world, 'B');
  const name = options.username ?? app.name.toLowerCase();
  const user: User = { id: nextId(world, 'U'), name, workspace, bot: { botId, appId: app.id } };
  const scopes = new Set(options.scopes ?? usualScopes);
  const made: Install = { app, workspace, user, botId, scopes, token: '', removed: false };
  world.users.set(user.id, user);
  world.installs.set(user.id, made);
  newToken(scene, made);
  return botHandle(made);
}

export function botHandle(made: Install): BotHandle {
  const { app, user, workspace } = made;
  return {
    id: user.id,
    botId: made.botId,
    appId: app.id,
    teamId: workspace.id,
    username: user.name,
    app,
    get token() {
      return made.token;
    },
    get appToken() {
      return app.appToken;
    },
    get signingSecret() {
      return app.signingSecret;
    },
  };
}

/** Reinstalled: the bot stays, its token is another; the one before is nobody's. */
export function newToken({ world, bell }: Scene, made: Install): string {
  const before = world.tokens.get(made.token);
  if (before && before.state === 'good') before.state = 'invalid_auth';
  made.removed = false;
  made.token = `xoxb-${digits(++world.lastId)}-${digits(++world.lastId)}-${randomBytes(12).toString('hex')}`;
  world.tokens.set(made.token, { kind: 'bot', install: made, state: 'good' });
  ring(bell);
  return made.token;
}

export function makeUserToken({ world }: Scene, user: User): string {
  const token = `xoxp-${digits(++world.lastId)}-${digits(++world.lastId)}-${randomBytes(12).toString('hex')}`;
  world.tokens.set(token, { kind: 'user', user, state: 'good' });
  return token;
}

export function setTokenState({ world, bell }: Scene, token: string, state: TokenState): void {
  const known = world.tokens.get(token);
  if (!known) throw new Error('no such token');
  known.state = state;
  ring(bell);
}

function digits(number: number): string {
  return String(4_000_000_000_000 + number * 7919);
}
