import type { Receiver, ReceiverPort } from '../../core/connector.ts';
import type { Health } from '../../core/health.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import { createGate } from '../shared/gate.ts';
import { appOf } from './addresses.ts';
import { announce, type Backlog, type Spot, Waiting } from './backlog.ts';
import { fingerprintOf } from './hook.ts';
import { type Push, pushedUntil, Trust } from './push.ts';
import { Reader } from './reader.ts';
import { budgetOf } from './schedule.ts';
import { refreshSocket, socketLink } from './socket-link.ts';
import {
  BAD_CREDENTIALS,
  CONNECTED,
  CONNECTING,
  EVENTS_SILENT,
  eventsPending,
  LOST,
  POLLING_ONLY,
  SOCKET_SILENT,
  type State,
} from './states.ts';
import { createApi } from './wire.ts';

/** Cursors and integrations change without a word to us: look again at least this often. */
const LOOK_MS = 3_000;
/** What a socket missed before it was there is read within this; then it is called connected in any case. */
const GAP_MS = 10_000;

type Told = Omit<Health, 'since'>;

/** So long nothing is read while the socket is being opened, because everything has to be read when it is there. */
const SOCKET_FIRST_MS = 5_000;

/** First reads of the whole process at a time: a node that starts has thousands to do. */
const beginning = createGate(20);

/**
 * Receives by what there is: the socket of the bot's app, events at its hook, and history. History is read always, every
 * few seconds where nothing else brings messages, and now and then where something does: what was not pushed is found,
 * and what was is known already.
 */
export function receiver(bot: Bot, credential: Credential, port: ReceiverPort): Receiver {
  return { run: (signal) => new SlackReceiver(bot, credential, port).run(signal) };
}

class SlackReceiver {
  readonly #port: ReceiverPort;
  readonly #reader: Reader;
  readonly #trust: Trust;
  /** The link of the bot's app and the token it takes. */
  readonly #socket: { readonly name: string; readonly token: string } | undefined;
  readonly #events: (Push & { readonly kind: 'events' }) | undefined;
  readonly #requestUrl: string | undefined;
  /** The socket's own account of itself. */
  #told: Told | undefined;
  /** Since when it is connected: by the running clock, and ms since 1970. */
  #connectedAt = 0;
  #pushedSince: number;
  /** What is said until history has filled the gap that the socket left. */
  #gap: State | undefined;
  #reported = '';
  #over = false;
  #wake = new AbortController();
  readonly #identity: string;
  readonly #waiting = new Waiting();

  constructor(bot: Bot, credential: Credential, port: ReceiverPort) {
    this.#port = port;
    this.#identity = bot.identity;
    const token = credential['bot_token'] ?? '';
    this.#reader = new Reader(bot, createApi(token, port), budgetOf(token, port.clock), port);
    this.#trust = new Trust(port);
    this.#pushedSince = port.clock.now();
    this.#socket = socketOf(bot, credential, port);
    const secret = credential['signing_secret'] ?? port.deployment?.['signing_secret'];
    this.#events = secret ? { kind: 'events', secret: fingerprintOf(secret) } : undefined;
    const { hooksUrl } = port;
    this.#requestUrl = credential['signing_secret'] && hooksUrl ? `${hooksUrl}/${bot.id}` : hooksUrl;
  }

  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const stop = () => {
      ended.abort(signal.reason);
      this.#wake.abort();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#report();
    this.#reader.open();
    const silence = this.#socket && announce(this.#identity, this.#backlog(), this.#port.clock);
    const joined = this.#join(ended.signal);
    try {
      await this.#read(ended.signal);
    } finally {
      this.#over = true;
      silence?.();
      this.#waiting.changed();
      signal.removeEventListener('abort', stop);
      ended.abort();
      await joined;
      this.#reader.close();
    }
  }

  async #join(signal: AbortSignal): Promise<void> {
    if (!this.#socket || signal.aborted) return;
    const { name, token } = this.#socket;
    try {
      await this.#port.join(name, socketLink(name, token), (told) => this.#hear(told), signal);
    } catch (error) {
      this.#port.log.error('join_failed', { error });
      this.#hear({ ...LOST, transport: 'socket' });
    }
  }

  #hear(told: Told): void {
    const before = this.#told;
    this.#told = told;
    if (told.state === 'connected' && before?.state !== 'connected') {
      // Nothing was pushed in the meantime: history fills the gap, and then all is well (again).
      this.#gap = before && before.state !== 'error' ? before : CONNECTING;
      this.#connectedAt = this.#port.clock.elapsed();
      this.#pushedSince = this.#port.clock.now();
      this.#reader.sweep();
    }
    this.#report();
    this.#waiting.changed();
    this.#wake.abort();
  }

  /** What comes by the socket may wait until what came before it has been read. */
  #backlog(): Backlog {
    const unread = ({ channel, root }: Spot): boolean => {
      if (this.#over || (this.#told?.state === 'connected' && !this.#gap)) return false;
      if (this.#told?.state !== 'connected' || this.#reader.isUnread({ channel })) return true;
      return root !== undefined && this.#reader.isUnread({ channel, root });
    };
    const isRead = (spot: Spot): boolean => {
      if (!unread(spot)) return true;
      this.#reader.hurry(spot);
      return false;
    };
    return { unread, read: (spot) => this.#waiting.until(() => isRead(spot)) };
  }

  async #read(signal: AbortSignal): Promise<void> {
    await this.#socketTried(signal);
    const leave = await beginning.enter(signal);
    try {
      while (!signal.aborted) {
        const push = this.#push();
        const step = await this.#reader.step(push !== undefined, signal);
        leave();
        if (signal.aborted) return;
        if (step.kind === 'unauthorized') {
          this.#say({ ...BAD_CREDENTIALS, transport: this.#transport() });
          return;
        }
        if (step.kind === 'read' && push) this.#seen(push, step.heard);
        this.#closeGap();
        this.#report();
        this.#waiting.changed();
        if (step.kind === 'idle') await this.#sleep(Math.min(step.waitMs, LOOK_MS), signal);
      }
    } finally {
      leave();
    }
  }

  /** The socket is there or has failed, or takes too long. */
  async #socketTried(signal: AbortSignal): Promise<void> {
    const end = this.#port.clock.elapsed() + SOCKET_FIRST_MS;
    while (this.#socket && !signal.aborted && (this.#told?.state ?? 'connecting') === 'connecting') {
      const left = end - this.#port.clock.elapsed();
      if (left <= 0) return;
      await this.#sleep(left, signal);
    }
  }

  /** What brings messages by itself now, and does so. */
  #push(): Push | undefined {
    const socket: Push = { kind: 'socket' };
    if (this.#told?.state === 'connected' && this.#trust.holds(socket)) return socket;
    const events = this.#usesSocket() ? undefined : this.#events;
    if (!events || pushedUntil(events, this.#port.cursors) === undefined) return undefined;
    return this.#trust.holds(events) ? events : undefined;
  }

  /** While a socket is or will be there, nothing comes over HTTP [S2]. */
  #usesSocket(): boolean {
    return this.#socket !== undefined && this.#told?.state !== 'error';
  }

  #seen(push: Push, heard: readonly { readonly sentAt: number }[]): void {
    const times = heard.map(({ sentAt }) => sentAt);
    if (!this.#trust.seen(push, times, this.#pushedSince)) return;
    this.#port.log.warn('pushes_missed', { transport: push.kind });
    if (push.kind === 'socket' && this.#socket) refreshSocket(this.#socket.name);
  }

  #closeGap(): void {
    const since = this.#connectedAt;
    if (this.#port.clock.elapsed() - since >= GAP_MS || this.#reader.sweptSince(since)) this.#gap = undefined;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    // Told meanwhile: there is something to do at once.
    if (!this.#wake.signal.aborted) await this.#port.clock.sleep(ms, this.#wake.signal);
    if (this.#wake.signal.aborted && !signal.aborted) this.#wake = new AbortController();
  }

  #transport(): string {
    const push = this.#push();
    if (push) return push.kind;
    return this.#usesSocket() && this.#told?.state !== 'connected' ? 'socket' : 'polling';
  }

  #report(): void {
    const places = this.#reader.placeTroubles;
    this.#say({ ...this.#state(), transport: this.#transport(), ...(places.length > 0 && { places }) });
  }

  #state(): State {
    const reader = this.#reader;
    if (this.#usesSocket()) {
      const told = this.#told ?? CONNECTING;
      if (told.state !== 'connected') return told;
      if (this.#gap) return this.#gap;
      return this.#push() ? told : SOCKET_SILENT;
    }
    if (!reader.began) return reader.trouble ?? CONNECTING;
    return reader.trouble ?? this.#note();
  }

  /** All is well, but could be better. */
  #note(): State {
    const events = this.#push() !== undefined;
    if (this.#told?.state === 'error') {
      const { code, message, fixUrl } = this.#told;
      const note = { ...(code && { code }), ...(message && { message }), ...(fixUrl && { fixUrl }) };
      return { state: 'connected', ...note };
    }
    if (events) return CONNECTED;
    const { capped } = this.#reader;
    if (capped) return capped;
    if (!this.#events) return POLLING_ONLY;
    const proven = pushedUntil(this.#events, this.#port.cursors) !== undefined;
    return proven ? EVENTS_SILENT : eventsPending(this.#requestUrl);
  }

  #say(health: Told): void {
    if (this.#over) return;
    const { state, code, message, fixUrl, transport, places } = health;
    const told = {
      ...{ state, ...(code && { code }), ...(message && { message }), ...(fixUrl && { fixUrl }) },
      ...{ transport, ...(places && { places }) },
    };
    const key = JSON.stringify(told);
    if (key === this.#reported) return;
    this.#reported = key;
    this.#port.report(told);
  }
}

/** The app whose socket serves this bot: by its own token, or by the operator's if that is of the same app. */
function socketOf(bot: Bot, credential: Credential, { deployment }: ReceiverPort) {
  const { appId } = bot.profile;
  const own = credential['app_token'];
  if (own) return { name: appOf(own) ?? `token-${fingerprintOf(own)}`, token: own };
  const shared = deployment?.['app_token'];
  const app = shared ? appOf(shared) : undefined;
  return shared && app && app === appId ? { name: app, token: shared } : undefined;
}
