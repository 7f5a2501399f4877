/** What exists: workspaces, apps, people, channels and what was said. Plain data; the rules are in the files that change it. */
export interface World {
  readonly workspaces: Map<string, Workspace>;
  readonly apps: Map<string, App>;
  /** By the bot's user id. */
  readonly installs: Map<string, Install>;
  /** Every token that ever was, with what became of it: the platform tells a revoked one from a wrong one. */
  readonly tokens: Map<string, Token>;
  readonly users: Map<string, User>;
  readonly channels: Map<string, Channel>;
  lastId: number;
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
}

export interface App {
  readonly id: string;
  readonly name: string;
  signingSecret: string;
  /** Where events go while Socket Mode is off. */
  requestUrl: string | undefined;
  /** Names of the subscribed bot events, as in the manifest (platforms.md §3.2.5). */
  readonly events: Set<string>;
  socketMode: boolean;
  appToken: string;
  /** One call a minute and 15 objects for history and replies [S4]. */
  capped: boolean;
}

/** An app in a workspace: its bot user there. */
export interface Install {
  readonly app: App;
  readonly workspace: Workspace;
  readonly user: User;
  readonly botId: string;
  readonly scopes: Set<string>;
  token: string;
  removed: boolean;
}

export type TokenState = 'good' | 'invalid_auth' | 'token_revoked' | 'token_expired' | 'account_inactive';

export type Token =
  | { readonly kind: 'bot'; readonly install: Install; state: TokenState }
  | { readonly kind: 'app'; readonly app: App; readonly scopes: ReadonlySet<string>; state: TokenState }
  /** A person's token: understood, but not one that this product may take. */
  | { readonly kind: 'user'; readonly user: User; state: TokenState };

export interface User {
  readonly id: string;
  readonly name: string;
  readonly workspace: Workspace;
  readonly bot: { readonly botId: string; readonly appId: string } | undefined;
}

export type ChannelKind = 'public' | 'private' | 'im' | 'mpim';

export interface Channel {
  readonly id: string;
  readonly workspace: Workspace;
  readonly kind: ChannelKind;
  name: string;
  archived: boolean;
  /** Ids of users. */
  readonly members: Set<string>;
  /** By `ts`, oldest first, deleted ones included. */
  readonly messages: Map<string, Message>;
  /** Microseconds since 1970: the newest `ts` given out here. */
  lastTs: number;
}

export interface Message {
  readonly ts: string;
  readonly channel: Channel;
  readonly user: User | undefined;
  readonly botId: string | undefined;
  readonly appId: string | undefined;
  /** The name that a bot post without a user shows. */
  readonly username: string | undefined;
  text: string;
  blocks: readonly unknown[] | undefined;
  readonly subtype: string | undefined;
  readonly parent: Message | undefined;
  /** A reply that the channel shows too. */
  readonly broadcast: boolean;
  /** Of a parent, oldest first. */
  readonly replies: Message[];
  metadata: unknown;
  attachments: readonly unknown[] | undefined;
  readonly at: number;
  edited: string | undefined;
  deleted: boolean;
  /** A bot sent it over the Web API. */
  readonly sent: boolean;
  /** Further fields as the platform names them. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export function createWorld(): World {
  return {
    workspaces: new Map(),
    apps: new Map(),
    installs: new Map(),
    tokens: new Map(),
    users: new Map(),
    channels: new Map(),
    lastId: 0,
  };
}

/** The platform's ids: a letter for the kind, then capitals and digits. */
export function nextId(world: World, letter: string): string {
  return `${letter}0${(++world.lastId + 60_466_176).toString(36).toUpperCase().padStart(8, '0')}`;
}

/** Unique in its channel and always later than the one before, whatever the clock does [S9]. */
export function nextTs(channel: Channel, now: number): string {
  channel.lastTs = Math.max(Math.floor(now * 1000), channel.lastTs + 1);
  return formatTs(channel.lastTs);
}

export function formatTs(micros: number): string {
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
}

/** Microseconds; undefined where it is no `ts`. */
export function readTs(ts: string): number | undefined {
  const [whole, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,6})\d*)?$/.exec(ts) ?? [];
  return whole === undefined ? undefined : Number(seconds) * 1e6 + Number(fraction.padEnd(6, '0'));
}

export function installOf(world: World, app: App, workspace: Workspace): Install | undefined {
  for (const install of world.installs.values()) {
    if (install.app === app && install.workspace === workspace && !install.removed) return install;
  }
  return undefined;
}

export function shownName(message: Message): string {
  return message.user ? message.user.name : (message.username ?? 'bot');
}
