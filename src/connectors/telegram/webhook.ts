import { type Backoff, backoffMs } from '../../core/backoff.ts';
import { PAUSED, type Receiver, type ReceiverPort } from '../../core/connector.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import { hookUrl, isOurs, sameUrl } from './address.ts';
import { hookSecret } from './hook.ts';
import {
  BAD_CREDENTIALS,
  BAD_PUBLIC_URL,
  CONNECTED,
  LIMITED,
  type State,
  UNREACHABLE,
  WEBHOOK_ACTIVE,
  WEBHOOK_TAKEN,
  webhookFailing,
} from './states.ts';
import { OFFSET } from './verify.ts';
import { ALLOWED_UPDATES, type Api, createApi, isObject, type Method, type Reply } from './wire.ts';

const CALL_TIMEOUT_MS = 10_000;
/** For both calls of a goodbye: somebody waits for the pause. */
const GOODBYE_MS = 2_500;
/** Chats that are delivered side by side, the platform's own default [T1]: each is one short transaction here. */
const MAX_CONNECTIONS = 40;

const RETRY: Backoff = { baseMs: 1_000, capMs: 30_000 };
/** Soon after the start: a public address that does not work shows with the first message. */
const FIRST_LOOK: Backoff = { baseMs: 30_000, capMs: 30_000 };
/**
 * A dead token or a webhook that somebody took makes no sound, and has to be noticed within 90 s: 40 to 80 s and the call's
 * own time-out. Each bot has a limit of its own; ten thousand of them cost this process some 170 small calls a second.
 */
const LOOK: Backoff = { baseMs: 80_000, capMs: 80_000 };
/** While something is wrong that ends without us. */
const WORRIED_LOOK: Backoff = { baseMs: 60_000, capMs: 60_000 };
/** A webhook that disappears is set again this often and no more: whoever removes it would remove it again. */
const REPAIR_MS = 60 * 60_000;

interface Info {
  readonly url: string;
  readonly pending: number;
  /** Seconds since 1970, of the last delivery that failed; 0 when there was none. */
  readonly failedAt: number;
  readonly failure: string;
}

/**
 * Receives by webhook: the updates come in through `hook.ts`, on any node. What lives here is the agreement with the
 * platform: it is made, looked after, and ended when nobody wants the bot any more. At any other end it stays, and the
 * platform keeps the updates until somebody answers again, for 24 hours [T5].
 */
export function webhook(bot: Bot, credential: Credential, port: ReceiverPort, hooksUrl: string): Receiver {
  return { run: (signal) => new WebhookKeeper(bot, credential, port, hookUrl(hooksUrl, bot)).run(signal) };
}

class WebhookKeeper {
  private readonly bot: Bot;
  private readonly port: ReceiverPort;
  private readonly api: Api;
  private readonly url: string;
  private readonly secret: string;
  private reported = '';
  /** Calls without success, for the backoff. */
  private failures = 0;
  /** The platform has agreed to push to us. */
  private agreed = false;
  /** When it was last made to agree again after the webhook had disappeared. */
  private repairedAt = Number.NEGATIVE_INFINITY;
  /** Somebody else's webhook was there when we last looked. */
  private foreign = false;
  /** The newest failed delivery that we know of, so that an old one is not taken for news. */
  private failedAt = 0;
  private failing = false;

  constructor(bot: Bot, credential: Credential, port: ReceiverPort, url: string) {
    const token = credential['bot_token'] ?? '';
    this.bot = bot;
    this.port = port;
    this.api = createApi(token, port);
    this.url = url;
    this.secret = hookSecret(token);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.report({ state: 'connecting' });
    while (!signal.aborted) {
      const pauseMs = await this.look(signal);
      if (signal.aborted) break;
      if (pauseMs === undefined) return;
      await this.port.clock.sleep(pauseMs, signal);
    }
    if (signal.reason === PAUSED) await this.goodbye();
  }

  /** How long to wait before the next look, ms; undefined when there is none. */
  private async look(signal: AbortSignal): Promise<number | undefined> {
    const reply = await this.call('getWebhookInfo', {}, signal);
    if (reply.kind !== 'ok') return this.trouble(reply);
    const info = infoOf(reply.result);
    if (!info) return this.trouble({ kind: 'unreadable', status: 200 });
    if (!this.agreed) {
      if (info.url === '' || isOurs(info.url, this.bot, this.port)) return await this.agree(info, signal);
      this.foreign = true;
      return this.wait(WEBHOOK_ACTIVE, WORRIED_LOOK);
    }
    if (sameUrl(info.url, this.url)) return this.watch(info);
    return await this.lost(info, signal);
  }

  private async agree(info: Info, signal: AbortSignal): Promise<number | undefined> {
    if (info.url === '') {
      const confirmed = await this.confirm(signal);
      if (confirmed.kind !== 'ok') return this.trouble(confirmed);
    }
    const reply = await this.call(
      'setWebhook',
      {
        url: this.url,
        // Also when ours is there already: which secret it was set with, nobody can ask.
        secret_token: this.secret,
        max_connections: MAX_CONNECTIONS,
        allowed_updates: ALLOWED_UPDATES,
        drop_pending_updates: false,
      },
      signal,
    );
    if (reply.kind === 'refused' && reply.code === 400) return this.wait(BAD_PUBLIC_URL, WORRIED_LOOK);
    if (reply.kind !== 'ok') return this.trouble(reply);
    this.agreed = true;
    this.foreign = false;
    this.failures = 0;
    this.failing = false;
    this.failedAt = info.failedAt;
    return this.wait(CONNECTED, FIRST_LOOK);
  }

  /**
   * What a poll has stored is confirmed by the next poll, which would never come: without this the platform pushes the last
   * batch again. Nothing at or above the offset is confirmed by it.
   */
  private async confirm(signal: AbortSignal): Promise<Reply> {
    const stored = this.port.cursors.get(OFFSET);
    if (stored === undefined || !/^-?\d{1,15}$/.test(stored)) return { kind: 'ok', result: [] };
    const parameters = { offset: Number(stored), limit: 1, timeout: 0, allowed_updates: ALLOWED_UPDATES };
    return await this.call('getUpdates', parameters, signal);
  }

  /** The webhook is ours. Whether it works, only the platform can tell. */
  private watch(info: Info): number {
    this.failures = 0;
    this.foreign = false;
    if (info.failedAt > this.failedAt) this.failing = true;
    this.failedAt = Math.max(this.failedAt, info.failedAt);
    // One that failed once and has arrived since was only a hiccup.
    if (info.pending === 0) this.failing = false;
    return this.failing ? this.wait(webhookFailing(info.failure), WORRIED_LOOK) : this.wait(CONNECTED, LOOK);
  }

  /**
   * Somebody took the webhook away. Where nothing is in its place it may have been ourselves, a goodbye that came late,
   * so it is set again; but not again and again, because a program that polls removes it each time.
   */
  private async lost(info: Info, signal: AbortSignal): Promise<number | undefined> {
    const now = this.port.clock.elapsed();
    const free = info.url === '' && (this.foreign || now - this.repairedAt >= REPAIR_MS);
    if (!free) {
      this.foreign ||= info.url !== '';
      return this.wait(WEBHOOK_TAKEN, WORRIED_LOOK);
    }
    this.repairedAt = now;
    this.agreed = false;
    return await this.agree(info, signal);
  }

  /** Best effort. Only a webhook that is still ours is removed; the updates that wait are kept for whoever comes next. */
  private async goodbye(): Promise<void> {
    const end = this.port.clock.elapsed() + GOODBYE_MS;
    const ask = (method: Method, parameters: Readonly<Record<string, unknown>>) =>
      this.api(method, parameters, { timeoutMs: Math.max(1, end - this.port.clock.elapsed()) });
    const reply = await ask('getWebhookInfo', {});
    const info = reply.kind === 'ok' ? infoOf(reply.result) : undefined;
    if (!info || !sameUrl(info.url, this.url)) return;
    await ask('deleteWebhook', { drop_pending_updates: false });
  }

  private call(method: Method, parameters: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Reply> {
    return this.api(method, parameters, { timeoutMs: CALL_TIMEOUT_MS, signal });
  }

  /** A call failed; the webhook itself may be at work all the while. */
  private trouble(reply: Exclude<Reply, { kind: 'ok' }>): number | undefined {
    if (reply.kind === 'unauthorized') {
      this.report(BAD_CREDENTIALS);
      return undefined;
    }
    if (reply.kind === 'limited') {
      this.report(LIMITED);
      return reply.afterMs;
    }
    this.report(UNREACHABLE);
    return backoffMs(this.failures++, RETRY, this.port.random);
  }

  private wait(state: State, pause: Backoff): number {
    this.report(state);
    return backoffMs(0, pause, this.port.random);
  }

  private report(state: State): void {
    const key = `${state.state} ${state.code ?? ''} ${state.message ?? ''}`;
    if (key === this.reported) return;
    this.reported = key;
    this.port.report({ ...state, transport: 'webhook' });
  }
}

function infoOf(result: unknown): Info | undefined {
  if (!isObject(result) || typeof result['url'] !== 'string') return undefined;
  const count = (name: string) => (Number.isSafeInteger(result[name]) ? Number(result[name]) : 0);
  return {
    url: result['url'],
    pending: count('pending_update_count'),
    failedAt: count('last_error_date'),
    failure: String(result['last_error_message'] ?? ''),
  };
}
