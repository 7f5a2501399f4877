import * as apps from './apps.ts';
import { tellApp } from './dispatch.ts';
import { FaultControls } from './fault-controls.ts';
import { type ChannelHandle, channelHandle } from './handles.ts';
import { type ChannelOptions, createChannel, openDialogue } from './places.ts';
import { pushRequest, signedHeaders, verifyUrl } from './request-url.ts';
import { type App, type Install, nextId, type TokenState, type User, type Workspace } from './world.ts';

type Somebody = apps.Somebody;

/** What a director can make and change: workspaces, apps, bots, people, channels, tokens. */
export class WorldControls extends FaultControls {
  #home: Workspace | undefined;

  createWorkspace(options: { name?: string } = {}): Workspace {
    return apps.createWorkspace(this.scene, options.name ?? 'Home');
  }

  /** The workspace of everything that names none. */
  get home(): Workspace {
    this.#home ??= this.createWorkspace();
    return this.#home;
  }

  createApp(options: apps.AppOptions = {}): App {
    return apps.createApp(this.scene, options);
  }

  install(app: Somebody, workspace: Somebody = this.home, options: apps.BotOptions = {}): apps.BotHandle {
    return apps.install(this.scene, this.app(app), this.workspace(workspace), options);
  }

  /** An app of its own and its bot, in one step. */
  createBot(options: apps.AppOptions & apps.BotOptions & { workspace?: Somebody } = {}): apps.BotHandle {
    return this.install(this.createApp(options), options.workspace ?? this.home, options);
  }

  createPerson(name: string, workspace: Somebody = this.home): User {
    const user: User = {
      id: nextId(this.scene.world, 'U'),
      name,
      workspace: this.workspace(workspace),
      bot: undefined,
    };
    this.scene.world.users.set(user.id, user);
    return user;
  }

  /** Its first member who is a person speaks unless told otherwise; where there is none, Ada is made. */
  channel(options: ChannelOptions & { workspace?: Somebody } = {}): ChannelHandle {
    const members = (options.members ?? []).map((it) => this.user(it));
    const workspace = options.workspace ? this.workspace(options.workspace) : (members[0]?.workspace ?? this.home);
    const speaker = members.find((it) => !it.bot) ?? this.createPerson('ada', workspace);
    const all = [...new Set([...members, speaker])];
    return channelHandle(this.scene, createChannel(this.scene, workspace, { ...options, members: all }), speaker);
  }

  dm(bot: Somebody, person?: Somebody): ChannelHandle {
    const { user, workspace } = this.installOf(bot);
    const speaker = person ? this.user(person) : this.createPerson('ada', workspace);
    return channelHandle(this.scene, openDialogue(this.scene, workspace, [user, speaker]), speaker);
  }

  /** Any channel by its id. */
  handle(channelId: string): ChannelHandle {
    const channel = this.scene.world.channels.get(channelId);
    const members = [...(channel?.members ?? [])].map((id) => this.user({ id }));
    const speaker = members.find((it) => !it.bot);
    if (!channel || !speaker) throw new Error(`no channel ${channelId} with a person in it`);
    return channelHandle(this.scene, channel, speaker);
  }

  /** The bot's token answers with that error from now on. `tell`: the app gets `tokens_revoked`. */
  revokeToken(bot: Somebody, state: Exclude<TokenState, 'good'> = 'token_revoked', tell = false): void {
    const install = this.installOf(bot);
    apps.setTokenState(this.scene, install.token, state);
    if (tell) this.#tellRevoked(install);
  }

  /** A new token for the same bot; the old one answers `invalid_auth`. */
  newToken(bot: Somebody): string {
    return apps.newToken(this.scene, this.installOf(bot));
  }

  /** `app_uninstalled` and `tokens_revoked`, and the token is dead. */
  uninstall(bot: Somebody): void {
    const install = this.installOf(bot);
    install.removed = true;
    apps.setTokenState(this.scene, install.token, 'account_inactive');
    tellApp(this.scene, install, { name: 'app_uninstalled', event: { type: 'app_uninstalled' } });
    this.#tellRevoked(install);
  }

  #tellRevoked(install: Install): void {
    const event = { type: 'tokens_revoked', tokens: { oauth: [], bot: [install.user.id] } };
    tellApp(this.scene, install, { name: 'tokens_revoked', event });
  }

  setScopes(bot: Somebody, scopes: readonly string[]): void {
    const install = this.installOf(bot);
    install.scopes.clear();
    for (const scope of scopes) install.scopes.add(scope);
  }

  /** Another app token; without `connections:write` it is good for nothing. */
  appToken(app: Somebody, scopes: readonly string[] = ['connections:write']): string {
    return apps.makeAppToken(this.scene.world, this.app(app), scopes);
  }

  revokeAppToken(token: string, state: Exclude<TokenState, 'good'> = 'invalid_auth'): void {
    apps.setTokenState(this.scene, token, state);
  }

  /** `xoxp-…` of a person. */
  userToken(person: Somebody): string {
    return apps.makeUserToken(this.scene, this.user(person));
  }

  /** Off: the open sockets are told `link_disabled`. */
  setSocketMode(app: Somebody, on: boolean): void {
    this.app(app).socketMode = on;
    if (!on) this.disconnect('link_disabled', app);
  }

  setRequestUrl(app: Somebody, url: string | undefined): void {
    this.app(app).requestUrl = url;
  }

  /** Whether the request URL passes the handshake. */
  verifyUrl(app: Somebody): Promise<boolean> {
    return verifyUrl(this.scene, this.app(app));
  }

  /** Any body, signed and sent once to the app's request URL; 0 where no answer came. */
  async push(app: Somebody, body: string): Promise<number> {
    const known = this.app(app);
    const { status } = await pushRequest(this.scene, known, known.requestUrl ?? '', body);
    return status;
  }

  /** Headers of a request that the app would take now. */
  signed(app: Somebody, body: string): Record<string, string> {
    return signedHeaders(this.scene, this.app(app), body);
  }

  /** The outer event as it was sent, byte for byte; of the last thousand. */
  bodyOf(eventId: string): string {
    return known(this.scene.bodies.get(eventId), `event ${eventId}`);
  }

  setCapped(app: Somebody, on = true): void {
    this.app(app).capped = on;
  }

  app(which: Somebody): App {
    return known(this.scene.world.apps.get(which.id), `app ${which.id}`);
  }

  workspace(which: Somebody): Workspace {
    return known(this.scene.world.workspaces.get(which.id), `workspace ${which.id}`);
  }

  user(who: Somebody): User {
    return known(this.scene.world.users.get(who.id), `user ${who.id}`);
  }

  installOf(bot: Somebody): Install {
    return known(this.scene.world.installs.get(bot.id), `bot ${bot.id}`);
  }
}

function known<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`no ${what}`);
  return found;
}
