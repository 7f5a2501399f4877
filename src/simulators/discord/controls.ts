import { createBell, ring, waitOn } from '../shared/bell.ts';
import { SimulatorClock } from '../shared/clock.ts';
import { FaultRules } from '../shared/fault-rules.ts';
import type { Listener, ServeControl } from '../shared/listener.ts';
import type { Simulator, SimulatorOptions, Stage } from '../simulator.ts';
import { type BotHandle, type BotOptions, createBot, type Somebody } from './bots.ts';
import { dispatchMember, dispatchRole } from './dispatch.ts';
import { FaultControls } from './fault-controls.ts';
import { type GatewaySettings, usualGateway } from './gateway-settings.ts';
import { type ChannelHandle, channelHandle, type SayOptions } from './handles.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createLimits, type RateLimits } from './limits.ts';
import {
  addBot,
  createChannel,
  createDialogue,
  createGuild,
  createThread,
  join,
  kick,
  setAvailable,
  type ThreadOptions,
} from './places.ts';
import { createDiscordServer } from './server.ts';
import { resetToken, type StartLimitChange, setStartLimit } from './start-limit.ts';
import { type Bot, ChannelType, createWorld, type Guild, type Intents, snowflake, type User } from './world.ts';

export interface DiscordSimulatorOptions extends SimulatorOptions {
  readonly random?: () => number;
  /** False: no limits and no headers about them. */
  readonly limits?: RateLimits | false;
  readonly gateway?: Partial<GatewaySettings>;
  /** Whether messages read back show their nonce; yes unless told (platforms.md §4.1). */
  readonly nonceInHistory?: boolean;
  /** Entries kept of each kind. */
  readonly ledgerLimit?: number;
  readonly messagesPerChannel?: number;
}

export interface GuildHandle {
  readonly id: string;
  readonly guild: Guild;
  readonly owner: User;
}

/** The running simulator with everything that a director of the play can do; the HTTP control API calls the same. */
export class DiscordControls extends FaultControls implements Simulator {
  readonly platform = 'discord';
  readonly #server: Listener;
  readonly #makeStage: (simulator: DiscordControls) => Stage;

  constructor(
    options: DiscordSimulatorOptions,
    parts: {
      readonly serveControl: (simulator: DiscordControls, ...exchange: Parameters<ServeControl>) => Promise<void>;
      readonly makeStage: (simulator: DiscordControls) => Stage;
    },
  ) {
    super({
      world: createWorld(options.messagesPerChannel ?? 10_000),
      clock: new SimulatorClock(options.now ?? Date.now),
      ledger: createLedger(options.ledgerLimit ?? 100_000),
      faults: new FaultRules(),
      limits: createLimits(options.limits ?? {}),
      gateway: { ...usualGateway, ...options.gateway },
      connections: new Set(),
      random: options.random ?? Math.random,
      nonceInHistory: options.nonceInHistory ?? true,
      bell: createBell(),
      port: 0,
    });
    this.#makeStage = parts.makeStage;
    this.#server = createDiscordServer(this.scene, (...exchange) => parts.serveControl(this, ...exchange));
  }

  get url(): string {
    return this.#server.url;
  }

  get ledger(): Ledger {
    return this.scene.ledger;
  }

  async listen(port: number): Promise<void> {
    await this.#server.listen(port);
    this.scene.port = this.#server.port;
  }

  async close(): Promise<void> {
    await this.#server.stopListening();
    for (const session of [...this.scene.world.sessions.values()]) session.end();
    this.scene.clock.close();
  }

  stage(): Promise<Stage> {
    return Promise.resolve(this.#makeStage(this));
  }

  createBot(options: BotOptions): BotHandle {
    return createBot(this.scene, options);
  }

  createPerson(username: string): User {
    const { world, clock } = this.scene;
    const user: User = { id: snowflake(world, clock.now()), username, bot: false };
    world.users.set(user.id, user);
    return user;
  }

  guild(options: { name?: string; bots?: readonly Somebody[]; permissions?: bigint } = {}): GuildHandle {
    const owner = this.createPerson('grace');
    const guild = createGuild(this.scene, options.name ?? 'Guild', owner);
    for (const bot of options.bots ?? []) addBot(this.scene, guild, this.bot(bot), options.permissions);
    return { id: guild.id, guild, owner };
  }

  /** A text channel unless told otherwise. */
  channel(where: Somebody, options: { name?: string; type?: keyof typeof ChannelType | number } = {}): ChannelHandle {
    const type = options.type ?? 'text';
    const number = typeof type === 'number' ? type : ChannelType[type];
    const channel = createChannel(this.scene, this.guildOf(where), { name: options.name ?? 'general', type: number });
    return this.handle(channel.id);
  }

  thread(parent: Somebody, options: ThreadOptions & { from?: Somebody } = {}): ChannelHandle {
    const { channel, speaker } = this.handle(parent.id);
    const owner = options.from ? this.user(options.from) : speaker;
    return this.handle(createThread(this.scene, channel, owner, options).id);
  }

  /** A thread in a forum, whose first message has the thread's id [D13]. */
  forumPost(forum: Somebody, options: ThreadOptions & SayOptions & { text: string }): ChannelHandle {
    const handle = this.thread(forum, options);
    const { text, name: _, ...said } = options;
    handle.say(text, { ...said, id: handle.id });
    return handle;
  }

  dm(bot: Somebody, person: User = this.createPerson('ada')): ChannelHandle {
    return this.handle(createDialogue(this.scene, this.bot(bot), person).id);
  }

  /** Any channel by its id. */
  handle(channelId: string): ChannelHandle {
    const channel = this.scene.world.channels.get(channelId);
    const speaker = channel?.dialogue?.person ?? this.scene.world.users.get(channel?.guild?.ownerId ?? '');
    if (!channel || !speaker) throw new Error(`no channel ${channelId}`);
    return channelHandle(this.scene, channel, speaker);
  }

  join(where: Somebody, who: Somebody, permissions?: bigint): void {
    const bot = this.scene.world.bots.get(who.id);
    if (bot) addBot(this.scene, this.guildOf(where), bot, permissions);
    else join(this.scene, this.guildOf(where), this.user(who));
  }

  kick(bot: Somebody, where: Somebody): void {
    kick(this.scene, this.guildOf(where), this.bot(bot));
  }

  /** False: an outage, GUILD_DELETE with `unavailable`. */
  setAvailable(where: Somebody, on: boolean): void {
    setAvailable(this.scene, this.guildOf(where), on);
  }

  /** Permissions of a role; the bot's own where `role` is a bot. */
  setRole(where: Somebody, role: Somebody, permissions: bigint): void {
    const guild = this.guildOf(where);
    const found = guild.roles.get(role.id) ?? [...guild.roles.values()].find((it) => it.botId === role.id);
    if (!found) throw new Error(`no role ${role.id}`);
    found.permissions = permissions;
    dispatchRole(this.scene, guild, found);
  }

  /** 0 ends a time-out. */
  timeOut(who: Somebody, where: Somebody, ms: number): void {
    const guild = this.guildOf(where);
    const member = guild.members.get(who.id);
    if (!member) throw new Error(`no member ${who.id}`);
    member.timedOutUntil = ms > 0 ? this.scene.clock.now() + ms : undefined;
    dispatchMember(this.scene, guild, member);
  }

  /** Returns the new token; the old one answers 401, its connections end with 4004. */
  resetToken(bot: Somebody): string {
    return resetToken(this.scene, this.bot(bot));
  }

  setIntent(bot: Somebody, intent: keyof Intents, on: boolean): void {
    this.bot(bot).intents[intent] = on;
  }

  setStartLimit(bot: Somebody, set: StartLimitChange): void {
    setStartLimit(this.scene, this.bot(bot), set);
  }

  cut(): void {
    this.#server.cut();
  }

  /** `reset`: takes connections and resets them. `refuse`: nobody listens; only `up` in this process ends it. */
  async down(mode: 'reset' | 'refuse' = 'reset'): Promise<void> {
    if (mode === 'refuse') return this.#server.stopListening();
    this.scene.faults.down = true;
    this.#server.cut();
  }

  async up(): Promise<void> {
    this.scene.faults.down = false;
    await this.#server.listenAgain();
  }

  /**
   * Moves the time on. Clients' own clocks stay, so their connections are forgiven the heartbeats that they could not
   * send meanwhile, unless they are said to have slept.
   */
  advance(ms: number, options: { clientsAsleep?: boolean } = {}): void {
    if (!options.clientsAsleep) for (const connection of this.connections()) connection.forgive(ms);
    this.scene.clock.advance(ms);
    ring(this.scene.bell);
  }

  /** Resolves with the first value that is neither undefined nor false; looks whenever something happened here. */
  waitFor<T>(look: (ledger: Ledger) => T | undefined | false, signal?: AbortSignal): Promise<T> {
    return waitOn(this.scene.bell, () => look(this.scene.ledger), signal);
  }

  bot(who: Somebody): Bot {
    const bot = this.scene.world.bots.get(who.id);
    if (!bot) throw new Error(`no bot ${who.id}`);
    return bot;
  }

  user(who: Somebody): User {
    const user = this.scene.world.users.get(who.id);
    if (!user) throw new Error(`no user ${who.id}`);
    return user;
  }

  guildOf(where: Somebody): Guild {
    const guild = this.scene.world.guilds.get(where.id);
    if (!guild) throw new Error(`no guild ${where.id}`);
    return guild;
  }
}
