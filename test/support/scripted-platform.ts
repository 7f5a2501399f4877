import { z } from 'zod';
import type { Connector, ReceiverPort, Sender } from '../../src/core/connector.ts';
import type { Delivery, LookUp, SendResult } from '../../src/core/delivery.ts';
import type { Hook } from '../../src/core/hook.ts';
import type { Credential } from '../../src/core/integration.ts';
import type { Place } from '../../src/core/message.ts';

export interface Call {
  readonly text: string;
  readonly token: string;
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
}

type Scripted = (call: Call) => SendResult | Promise<SendResult>;

/** A receiver that is running: the test speaks through its port, and may end it. */
export interface Listening {
  readonly port: ReceiverPort;
  readonly token: string;
  readonly signal: AbortSignal;
  end(error?: Error): void;
}

/**
 * The other end of a platform that does exactly what the test says. Every send takes the next scripted result, or
 * arrives; what arrived is the ledger that verdicts come from.
 */
export interface ScriptedPlatform {
  readonly connector: Connector;
  /** Every call of `send`, in order. */
  readonly calls: Call[];
  /** Texts that arrived, as `channel: text`. */
  readonly ledger: string[];
  readonly lookUps: Delivery[];
  readonly typings: Place[];
  /** Receivers that run now, and how many ever began. */
  readonly listening: Listening[];
  begun: number;
  /** The next sends; used up one by one. */
  readonly script: Scripted[];
  /** Every send that the script says nothing about. */
  always: Scripted | undefined;
  lookUp: ((delivery: Delivery) => LookUp | Promise<LookUp>) | undefined;
  typing: ((to: Place, signal: AbortSignal) => Promise<void>) | undefined;
  /** Ignores the signal that asks it to stop. */
  deafToStop: boolean;
  /** The test message's place. */
  place: Place | undefined;
  render: Connector['render'];
  /** Bodies are JSON; the header `secret` must be the bot's token. Absent: the platform pushes nothing. */
  hook: Hook | undefined;
}

/** `a|b|c` is an answer of three parts. */
const parts = (text: string) =>
  text
    .split('|')
    .filter((part) => part.trim() !== '')
    .map((part) => ({ text: part }));

export function scriptedPlatform(platform = 'chat'): ScriptedPlatform {
  let messageIds = 0;
  const arrive = (call: Call): SendResult => {
    fake.ledger.push(`${call.delivery.to.channel}: ${call.text}`);
    return { ok: true, messageId: `p${++messageIds}` };
  };
  const sender = (credential: Credential): Sender => ({
    send: async (delivery, signal) => {
      const call: Call = { text: delivery.part.text, token: credential['bot_token'] ?? '', delivery, signal };
      fake.calls.push(call);
      const scripted = fake.script.shift() ?? fake.always;
      const result = scripted ? await scripted(call) : { ok: true as const, messageId: '' };
      return result.ok && result.messageId === '' ? { ...arrive(call), ...movedOf(result) } : result;
    },
    ...(fake.lookUp && {
      lookUp: async (delivery: Delivery) => {
        fake.lookUps.push(delivery);
        return (await fake.lookUp?.(delivery)) ?? { kind: 'unknown' as const };
      },
    }),
    ...(fake.typing && {
      typingMs: 4_000,
      typing: async (to: Place, signal: AbortSignal) => {
        fake.typings.push(to);
        await fake.typing?.(to, signal);
      },
    }),
  });
  const fake: ScriptedPlatform = {
    calls: [],
    ledger: [],
    lookUps: [],
    typings: [],
    listening: [],
    begun: 0,
    script: [],
    always: undefined,
    lookUp: undefined,
    typing: undefined,
    deafToStop: false,
    place: undefined,
    render: async (text) => parts(text),
    hook: undefined,
    connector: {
      platform,
      title: 'Chat',
      apiUrl: 'http://chat.invalid',
      credential: z.object({ bot_token: z.string() }),
      settings: z.object({ channel_ids: z.array(z.string()).optional() }),
      secretShapes: [],
      updatable: ['channel_ids'],
      limits: { textLength: 4_000 },
      verify: async () => ({ ok: false, kind: 'unavailable', message: 'not asked here' }),
      listens: ({ settings }, at) => {
        const listed = settings['channel_ids'];
        return !Array.isArray(listed) || listed.includes(at.channel);
      },
      testPlace: () => fake.place,
      moved: (settings, from, to) => {
        const listed = settings['channel_ids'];
        return Array.isArray(listed)
          ? { ...settings, channel_ids: listed.map((id) => (id === from ? to : id)) }
          : settings;
      },
      render: (text, to) => fake.render(text, to),
      receiver: (_bot, credential, port) => ({ run: (signal) => run(credential['bot_token'] ?? '', port, signal) }),
      sender: (_bot, credential) => sender(credential),
    },
  };
  // Read anew at each request, so that a test may set it at any time.
  Object.defineProperty(fake.connector, 'hook', { get: () => fake.hook });
  function run(token: string, port: ReceiverPort, signal: AbortSignal): Promise<void> {
    fake.begun++;
    return new Promise((resolve, reject) => {
      const leave = () => fake.listening.splice(fake.listening.indexOf(one), 1);
      const one: Listening = {
        port,
        token,
        signal,
        end: (error) => {
          leave();
          if (error) reject(error);
          else resolve();
        },
      };
      fake.listening.push(one);
      if (!fake.deafToStop) signal.addEventListener('abort', () => one.end(), { once: true });
    });
  }
  return fake;
}

const movedOf = (result: SendResult & { ok: true }) =>
  result.movedTo === undefined ? {} : { movedTo: result.movedTo };

/** The send arrives. An empty id means: enter it in the ledger. */
export const arrives = (): SendResult => ({ ok: true, messageId: '' });
/** It arrives, and the platform's answer gets lost. */
export const arrivesUnseen =
  (fake: ScriptedPlatform) =>
  (call: Call): SendResult => {
    fake.ledger.push(`${call.delivery.to.channel}: ${call.text}`);
    return { ok: false, failure: { kind: 'retry', delivered: 'unknown', reason: 'connection_lost' } };
  };
export const lost = (): SendResult => ({
  ok: false,
  failure: { kind: 'retry', delivered: 'unknown', reason: 'connection_lost' },
});
export const notSent =
  (reason = 'server_error', afterMs?: number) =>
  (): SendResult => ({
    ok: false,
    failure: { kind: 'retry', delivered: 'no', reason, ...(afterMs !== undefined && { afterMs }) },
  });
export const limited = (afterMs: number, scope: 'conversation' | 'credential') => (): SendResult => ({
  ok: false,
  failure: { kind: 'rate_limited', afterMs, scope },
});
export const refused = (kind: 'gone' | 'rejected', reason: string) => (): SendResult => ({
  ok: false,
  failure: { kind, reason },
});
export const unauthorized = (): SendResult => ({ ok: false, failure: { kind: 'unauthorized' } });
