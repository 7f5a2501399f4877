import { createBell, ring, waitOn } from '../shared/bell.ts';
import type { Listener, ServeControl } from '../shared/listener.ts';
import type { Simulator, SimulatorOptions, Stage } from '../simulator.ts';
import { type BotHandle, type BotOptions, createBot, renewToken } from './bots.ts';
import { TelegramClock } from './clock.ts';
import { type FaultRule, Faults } from './faults.ts';
import { type ChatHandle, chatHandle, type Somebody } from './handles.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createLimits, type RateLimits } from './limits.ts';
import { addBot, addPerson, createTopic, link, makeDialogue, setMember } from './places.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import { createBotApiServer } from './server.ts';
import { changeWebhook, type WebhookSender } from './webhooks.ts';
import { type Bot, type Chat, type ChatType, createWorld, makeChat, type Person } from './world.ts';

export interface TelegramSimulatorOptions extends SimulatorOptions {
  readonly random?: () => number;
  readonly limits?: RateLimits;
  /** The server's treatment of hasty polls: 3 s hold, single updates, late conflicts (platforms.md §2.2). */
  readonly slowRepolling?: boolean;
  /** How long a webhook may take to answer, 60 s unless told. */
  readonly webhookTimeoutMs?: number;
  /** Refuses webhooks on this machine too: https, ports 443, 80, 88, 8443. */
  readonly strictWebhooks?: boolean;
  /** Entries kept of each kind. */
  readonly ledgerLimit?: number;
  /** Messages kept of each chat. */
  readonly messagesPerChat?: number;
}

export interface PlaceOptions {
  readonly title?: string;
  readonly username?: string;
  /** The bot joins as administrator. */
  readonly admin?: boolean;
  readonly kind?: Exclude<ChatType, 'private'>;
  /** A supergroup with topics. */
  readonly forum?: boolean;
}

/** The running simulator with everything that a director of the play can do; the HTTP control API calls the same. */
export class TelegramControls implements Simulator {
  readonly platform = 'telegram';
  readonly scene: Scene;
  readonly #server: Listener;
  readonly #makeStage: (simulator: TelegramControls) => Stage;

  constructor(
    options: TelegramSimulatorOptions,
    parts: {
      readonly serveControl: (simulator: TelegramControls, ...exchange: Parameters<ServeControl>) => Promise<void>;
      readonly makeStage: (simulator: TelegramControls) => Stage;
    },
  ) {
    this.#makeStage = parts.makeStage;
    this.scene = {
      world: createWorld(options.messagesPerChat ?? 10_000),
      clock: new TelegramClock(options.now ?? Date.now),
      ledger: createLedger(options.ledgerLimit ?? 100_000),
      faults: new Faults(),
      limits: createLimits(options.limits ?? {}),
      random: options.random ?? Math.random,
      slowRepolling: options.slowRepolling ?? false,
      pushing: {
        timeoutMs: options.webhookTimeoutMs ?? 60_000,
        repeat: 1,
        strict: options.strictWebhooks ?? false,
      },
      bell: createBell(),
    };
    this.#server = createBotApiServer(this.scene, (...exchange) => parts.serveControl(this, ...exchange));
  }

  get url(): string {
    return this.#server.url;
  }

  get ledger(): Ledger {
    return this.scene.ledger;
  }

  async listen(port: number): Promise<void> {
    await this.#server.listen(port);
  }

  async close(): Promise<void> {
    for (const bot of this.scene.world.bots.values()) {
      bot.sender?.stop();
      bot.sender?.cut();
      bot.queue.end(new Refusal(500, 'Internal Server Error: restart'));
    }
    this.scene.clock.release();
    await this.#server.stopListening();
  }

  stage(): Promise<Stage> {
    return Promise.resolve(this.#makeStage(this));
  }

  createBot(options: BotOptions): BotHandle {
    return createBot(this.scene, options);
  }

  createPerson(name: string, username?: string): Person {
    const { world } = this.scene;
    const id = world.nextPersonId++;
    const person: Person = { id, isBot: false, firstName: name, ...(username === undefined ? {} : { username }) };
    world.people.set(id, person);
    return person;
  }

  /** `started: false`: the person has never written to the bot, so it may not write either. */
  privateChat(
    bot: Somebody,
    options: { name?: string; username?: string; person?: Person; started?: boolean } = {},
  ): ChatHandle {
    const person = options.person ?? this.createPerson(options.name ?? 'Ada', options.username);
    return chatHandle(this.scene, makeDialogue(this.scene, this.bot(bot), person, options.started ?? true), person);
  }

  /** A supergroup unless told otherwise, with a person who speaks in it, and the bot. */
  group(bot: Somebody, options: PlaceOptions = {}): ChatHandle {
    const { world } = this.scene;
    const type = options.kind ?? 'supergroup';
    const id = type === 'group' ? world.nextGroupId-- : world.nextSupergroupId--;
    const chat = makeChat(world, type, id, options.title ?? 'Group');
    if (options.username !== undefined) chat.username = options.username;
    const owner = this.createPerson('Grace');
    setMember(chat, owner, 'creator');
    if (options.forum) {
      chat.forum = true;
      chat.topics.set(1, { id: 1, name: 'General', closed: false });
    }
    addBot(this.scene, chat, this.bot(bot), owner, options.admin || type === 'channel' ? 'administrator' : 'member');
    return chatHandle(this.scene, chat, owner);
  }

  channel(bot: Somebody, options: Omit<PlaceOptions, 'kind' | 'forum'> = {}): ChatHandle {
    return this.group(bot, { title: 'Channel', ...options, kind: 'channel' });
  }

  /** The chat of a bot by the id that the bot knows it by. */
  chat(chatId: number, bot?: Somebody): ChatHandle {
    const { world } = this.scene;
    const chat: Chat | undefined =
      world.chats.get(chatId) ??
      [...world.dialogues.values()].find((it) => it.id === chatId && (!bot || it.dialogue?.bot.person.id === bot.id));
    const speaker =
      chat?.dialogue?.person ?? [...(chat?.members.values() ?? [])].find((it) => it.status === 'creator')?.person;
    if (!chat || !speaker) throw new Error(`no chat ${chatId}`);
    return chatHandle(this.scene, chat, speaker);
  }

  join(chat: ChatHandle, who: Somebody | Person): void {
    const bot = this.scene.world.bots.get(who.id);
    if (bot) addBot(this.scene, chat.chat, bot, chat.speaker, 'member');
    else addPerson(this.scene, chat.chat, this.person(who.id), chat.speaker);
  }

  topic(chat: ChatHandle, name: string): number {
    return createTopic(this.scene, chat.chat, chat.speaker, name).id;
  }

  link(channel: ChatHandle, group: ChatHandle): void {
    link(channel.chat, group.chat);
  }

  setPrivacy(bot: Somebody, on: boolean): void {
    this.bot(bot).privacy = on;
  }

  /** Returns the new token; the old one answers 401 from now on. */
  revokeToken(bot: Somebody): string {
    return renewToken(this.scene, this.bot(bot));
  }

  /** As if another product had set it. Nothing is pushed there: what it would have taken waits. */
  setForeignWebhook(bot: Somebody, url = 'https://example.com/hook'): void {
    const found = this.bot(bot);
    if (url !== '') found.queue.abort('terminated by setWebhook request');
    const webhook = { url, secretToken: '', maxConnections: 40, ipAddress: '203.0.113.7' };
    changeWebhook(this.scene, found, url === '' ? undefined : webhook, false);
  }

  /** The person taps "stop" on a draft that allows it. */
  stopDraft(chat: ChatHandle, draftId: number): void {
    const { dialogue } = chat.chat;
    if (!dialogue) throw new Error('only private chats have drafts');
    const payload = { chat: { id: chat.id, type: 'private' }, draft_id: draftId };
    dialogue.bot.queue.push('stopped_message_generation', payload, {
      date: this.scene.clock.seconds(),
      chatId: chat.id,
    });
  }

  /** Returns what takes the fault away again. */
  fail(rule: FaultRule): () => undefined {
    return this.scene.faults.add(rule);
  }

  clearFaults(): void {
    this.scene.faults.clear();
    this.scene.faults.latency.clear();
  }

  setLatency(ms: number, method = '*'): void {
    this.scene.faults.latency.set(method.toLowerCase(), ms);
  }

  setLimits(limits: RateLimits): void {
    this.scene.limits.set = limits;
  }

  /** Each update comes so often by webhook, whatever the answer. */
  repeatPushes(times: number): void {
    this.scene.pushing.repeat = times;
  }

  setWebhookTimeout(ms: number): void {
    this.scene.pushing.timeoutMs = ms;
  }

  cut(): void {
    this.#server.cut();
    for (const sender of this.#senders()) sender.cut();
  }

  /**
   * `reset`: takes connections and resets them. `refuse`: nobody listens; only `up` in this process ends it. Nothing is
   * pushed either way.
   */
  async down(mode: 'reset' | 'refuse' = 'reset'): Promise<void> {
    const { faults } = this.scene;
    if (mode === 'refuse') faults.absent = true;
    else faults.down = true;
    this.cut();
    if (mode === 'refuse') await this.#server.stopListening();
  }

  async up(): Promise<void> {
    const { faults } = this.scene;
    faults.down = false;
    faults.absent = false;
    await this.#server.listenAgain();
    for (const sender of this.#senders()) sender.resume();
  }

  advance(ms: number): void {
    this.scene.clock.advance(ms);
    ring(this.scene.bell);
  }

  /** Resolves with the first value that is neither undefined nor false; looks whenever something happened here. */
  waitFor<T>(look: (ledger: Ledger) => T | undefined | false, signal?: AbortSignal): Promise<T> {
    return waitOn(this.scene.bell, () => look(this.scene.ledger), signal);
  }

  #senders(): WebhookSender[] {
    return [...this.scene.world.bots.values()].flatMap(({ sender }) => sender ?? []);
  }

  bot(who: Somebody): Bot {
    const bot = this.scene.world.bots.get(who.id);
    if (!bot) throw new Error(`no bot ${who.id}`);
    return bot;
  }

  person(id: number): Person {
    const person = this.scene.world.people.get(id);
    if (!person) throw new Error(`no person ${id}`);
    return person;
  }
}
