import { PAUSED, type Receiver, type ReceiverPort } from '../../core/connector.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import type { InboundMessage } from '../../core/message.ts';
import { createGate } from '../shared/gate.ts';
import { breaker } from './breaker.ts';
import { CatchUp, type CatchUpOwner } from './catch-up.ts';
import { BAD_CREDENTIALS, isTrusted, type State, type Verdict } from './closes.ts';
import { Comeback } from './comeback.ts';
import { Identifies } from './identifies.ts';
import { Intake, type IntakeOwner } from './intake.ts';
import { END_SESSION, type End, KEEP_SESSION, Link, type LinkOwner } from './link.ts';
import { guildOf, wantsDirect } from './places.ts';
import type { Survey } from './places-behind.ts';
import { Positions } from './positions.ts';
import { readSession, SESSION, type Session } from './session.ts';
import {
  askForStart,
  CONNECTED,
  HELD_BACK,
  identifyLimit,
  removedFrom,
  STORE_UNAVAILABLE,
  UNREACHABLE,
  UNTRUSTED,
  UNTRUSTED_RESUME,
} from './states.ts';
import { Threads } from './threads.ts';
import { type Api, createApi, isObject, type WireMessage } from './wire.ts';

/** GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT [D1]: channels and threads, what is said in them, and the words of it. */
const INTENTS = (1 << 0) | (1 << 9) | (1 << 15);
const DIRECT_MESSAGES = 1 << 12;

const IDENTIFY = 2;
const RESUME = 6;

const UNTRUSTED_WAIT_MS = 60_000;
/** A shorter wait for the next identify is nothing to talk about, ms. */
const SHORT_MS = 10_000;
/** Connections of the whole process that are being made at a time. */
const connecting = createGate(20);

/**
 * Receives by the gateway. The sequence that a resume names, and heartbeats confirm, moves only after `accept` has
 * resolved: what was not stored comes again.
 */
export function gateway(bot: Bot, credential: Credential, port: ReceiverPort): Receiver {
  return { run: (signal) => new Gateway(bot, credential, port, signal).run() };
}

class Gateway implements LinkOwner, IntakeOwner, CatchUpOwner {
  readonly #token: string;
  readonly #port: ReceiverPort;
  readonly #signal: AbortSignal;
  readonly #api: Api;
  readonly #intake: Intake;
  readonly #positions: Positions;
  readonly #catchUp: CatchUp;
  readonly #identifies: Identifies;
  readonly #comeback: Comeback;
  #link: Link | undefined;
  #url = '';
  #resuming = false;
  #intents = 0;
  #readyAt: number | undefined;
  #leave: () => void = () => {};
  #reported = '';
  #untrusted = false;
  /** Guilds of our integrations that the bot is not in. */
  readonly #missing = new Set<string>();

  constructor(bot: Bot, credential: Credential, port: ReceiverPort, signal: AbortSignal) {
    this.#token = credential['bot_token'] ?? '';
    this.#port = port;
    this.#signal = signal;
    this.#api = createApi(this.#token, port);
    this.#comeback = new Comeback(port);
    this.#identifies = new Identifies(bot.identity, port);
    this.#positions = new Positions(port);
    const parts = { threads: new Threads(this.#api, port), positions: this.#positions };
    this.#intake = new Intake(bot, port, parts, this, signal);
    const caller = { self: bot.identity, token: this.#token, api: this.#api };
    this.#catchUp = new CatchUp(caller, port, this.#positions, this, signal);
    this.#intake.session = readSession(port.cursors.get(SESSION));
  }

  async run(): Promise<void> {
    const { clock } = this.#port;
    this.#report({ state: 'connecting' });
    while (!this.#signal.aborted) {
      const verdict = await this.#once();
      if (this.#signal.aborted) break;
      if (verdict.state) this.#report(verdict.state);
      if (verdict.next === 'stop') break;
      if (verdict.next === 'identify') this.#drop();
      await clock.sleep(verdict.waitMs ?? 0, this.#signal);
    }
    await this.#catchUp.settled();
    if (!this.#signal.aborted || this.#signal.reason === PAUSED) return this.#forget();
    // Whoever comes next goes on from here; without it, it would only hear some things twice.
    await this.#intake.store().catch(() => this.#port.log.warn('session_not_stored'));
  }

  async #once(): Promise<Verdict> {
    const { routes, log } = this.#port;
    const intents = intentsOf(routes);
    const { session } = this.#intake;
    if (session && (session.intents !== intents || !isTrusted(session.resumeUrl, this.#port.apiUrl))) this.#drop();
    this.#intents = intents;
    this.#resuming = this.#intake.session !== undefined;
    this.#url = this.#intake.session?.resumeUrl ?? '';
    if (!this.#resuming || this.#comeback.hostLost) {
      const start = (await this.#myTurn()) ?? (await this.#start());
      if ('next' in start) return start;
      this.#url = start.url;
    }
    const end = await this.#connect();
    if (this.#signal.aborted) return { next: 'resume' };
    log.info('link_ended', { code: end.code, why: end.why ?? '', resumed: this.#resuming });
    return this.#comeback.judge(end, { resuming: this.#resuming, readyAt: this.#readyAt });
  }

  /** Where to connect, if the platform lets us begin at all. */
  async #start(): Promise<{ readonly url: string } | Verdict> {
    const { clock, apiUrl } = this.#port;
    const start = await askForStart(this.#api, this.#signal);
    if (start.kind === 'unauthorized') return { next: 'stop', state: BAD_CREDENTIALS };
    if (start.kind === 'wait') return { next: 'resume', waitMs: start.afterMs, state: start.state };
    if (start.kind === 'failed') return { next: 'resume', waitMs: this.#comeback.backoff(), state: UNREACHABLE };
    if (!isTrusted(start.url, apiUrl)) return { next: 'resume', waitMs: UNTRUSTED_WAIT_MS, state: UNTRUSTED };
    if (this.#resuming) return { url: start.url };
    const spent = start.remaining <= 0;
    const reserveMs = start.remaining <= start.reserve ? this.#identifies.reserveWaitMs() : 0;
    const waitMs = spent ? start.resetAfterMs : Math.min(start.resetAfterMs, reserveMs);
    if (waitMs > 0) return { next: 'resume', waitMs, state: identifyLimit(clock.now() + waitMs) };
    try {
      await this.#identifies.begin();
    } catch {
      return { next: 'resume', waitMs: this.#comeback.backoff(), state: STORE_UNAVAILABLE };
    }
    return { url: start.url };
  }

  /** Waits until it may identify; says so when that takes long. */
  async #myTurn(): Promise<Verdict | undefined> {
    const { clock } = this.#port;
    const waitMs = this.#resuming ? 0 : this.#identifies.waitMs();
    if (waitMs > SHORT_MS) return { next: 'resume', waitMs, state: identifyLimit(clock.now() + waitMs) };
    if (waitMs > 0) await clock.sleep(waitMs, this.#signal);
    return this.#signal.aborted ? { next: 'resume' } : undefined;
  }

  async #connect(): Promise<End> {
    this.#leave = await connecting.enter(this.#signal);
    this.#readyAt = undefined;
    if (this.#signal.aborted) {
      this.#leave();
      return { code: 1006, opened: false };
    }
    const link = new Link(addressOf(this.#url), this, this.#port);
    this.#link = link;
    // Another owner resumes; when nobody wants the bot any more, it shall look offline at once [D1].
    const stop = () => link.close('stopped', this.#signal.reason === PAUSED ? END_SESSION : KEEP_SESSION);
    this.#signal.addEventListener('abort', stop, { once: true });
    const end = await link.ended;
    this.#signal.removeEventListener('abort', stop);
    this.#leave();
    this.#link = undefined;
    await this.#intake.settled();
    return end;
  }

  #drop(): void {
    this.#intake.session = undefined;
  }

  async #forget(): Promise<void> {
    await this.#intake.forget().catch(() => this.#port.log.warn('session_not_forgotten'));
  }

  greeting(): object {
    const { session } = this.#intake;
    const token = this.#token;
    if (session) return { op: RESUME, d: { token, session_id: session.id, seq: session.seq } };
    const { name, value } = this.#identifies.sent();
    this.#positions.set(name, value);
    const properties = { os: 'linux', browser: 'replr', device: 'replr' };
    return { op: IDENTIFY, d: { token, intents: this.#intents, properties, large_threshold: 50 } };
  }

  confirmed(): number | null {
    return this.#intake.session?.seq ?? null;
  }

  event(name: string, sequence: number, data: unknown): void {
    this.#intake.push(name, sequence, data);
    if (name === 'MESSAGE_CREATE') this.check();
  }

  /** Looks at what nobody tells: whether calls have to wait, and what is to be listened to, which the identify settles. */
  check(): void {
    if (this.#readyAt !== undefined) this.#well();
    if (this.#readyAt !== undefined && intentsOf(this.#port.routes) !== this.#intents) this.#link?.close('intents');
  }

  began(ready: Readonly<Record<string, unknown>>, sequence: number): void {
    const { session_id: id, resume_gateway_url: resumeUrl, guilds } = ready;
    this.#untrusted = !isTrusted(resumeUrl, this.#port.apiUrl);
    if (this.#untrusted) this.#port.log.warn('untrusted_gateway');
    const session: Session = {
      id: String(id),
      resumeUrl: isTrusted(resumeUrl, this.#port.apiUrl) ? resumeUrl : this.#url,
      intents: this.#intents,
      roles: [],
      seq: sequence,
    };
    this.#intake.session = session;
    const there = new Set(Array.isArray(guilds) ? guilds.filter(isObject).map((guild) => guild['id']) : []);
    this.#catchUp.began(there);
    this.#missing.clear();
    for (const { settings } of this.#port.routes()) {
      const guild = guildOf(settings);
      if (guild !== undefined && !there.has(guild)) this.#missing.add(guild);
    }
    this.#up();
  }

  resumed(): void {
    this.#catchUp.resumed();
    this.#up();
  }

  #up(): void {
    this.#readyAt = this.#port.clock.elapsed();
    this.#comeback.succeeded();
    this.#leave();
    this.#link?.ready();
    this.#well();
  }

  guild(id: string, there: boolean, survey?: Survey): void {
    if (survey) this.#catchUp.guild(id, survey);
    if (there) this.#missing.delete(id);
    else if (this.#port.routes().some(({ settings }) => guildOf(settings) === id)) this.#missing.add(id);
    this.#well();
  }

  isBehind(scope: string | undefined): boolean {
    return this.#catchUp.isBehind(scope);
  }

  parse(message: WireMessage, parent: string | undefined): InboundMessage | undefined {
    return this.#intake.parse(message, parent);
  }

  failed(): void {
    this.#link?.close('store');
  }

  hold(on: boolean): void {
    this.#link?.hold(on);
  }

  #well(): void {
    if (!this.#link) return;
    const places = this.#missing.size > 0 && { places: [...this.#missing].map(removedFrom) };
    if (breaker.waitMs(this.#token, this.#port.clock) > 0) this.#report({ ...HELD_BACK, ...places });
    else this.#report({ ...(this.#untrusted ? UNTRUSTED_RESUME : CONNECTED), ...places });
  }

  #report(state: State): void {
    const key = JSON.stringify(state);
    if (key === this.#reported) return;
    this.#reported = key;
    this.#port.report({ ...state, transport: 'gateway' });
  }
}

function intentsOf(routes: ReceiverPort['routes']): number {
  return routes().some(({ settings }) => wantsDirect(settings)) ? INTENTS | DIRECT_MESSAGES : INTENTS;
}

/** A function of its own: a URL object would live as long as the connection that waits for its end. */
function addressOf(gateway: string): string {
  const url = new URL(gateway);
  url.searchParams.set('v', '10');
  url.searchParams.set('encoding', 'json');
  return url.href;
}
