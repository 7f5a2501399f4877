import { onTestFinished } from 'vitest';
import { receiver } from '../../src/connectors/slack/receiver.ts';
import type { ReceiverPort } from '../../src/core/connector.ts';
import type { Health } from '../../src/core/health.ts';
import type { Bot, Credential, Integration } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Cursor, InboundMessage } from '../../src/core/message.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { type ScriptedAnswer, type ScriptedCall, scriptedFetch } from './scripted-fetch.ts';

export const TEAM = 'T0TEAM0';
export const SELF = 'U0SELF0';
export const CHANNEL = 'C0HERE00';
export const START = 1_790_000_000_000;

export const slackBot: Bot = {
  id: 'bot_1',
  platform: 'slack',
  identity: `${TEAM}/${SELF}`,
  profile: { team: TEAM, userId: SELF, botId: 'B0SELF0', appId: 'A0APP00', name: 'aria' },
};

/** So many seconds after the clock's start, as the platform writes time. */
export const stamp = (seconds: number, micros = 100) => `${START / 1000 + seconds}.${String(micros).padStart(6, '0')}`;

export const post = (ts: string, text: string, more: object = {}) => ({
  type: 'message',
  user: 'U0ANN00',
  text,
  ts,
  ...more,
});

/** A page of history or replies. */
export const page = (messages: readonly unknown[], next?: string) =>
  Response.json({
    ok: true,
    messages,
    has_more: next !== undefined,
    ...(next !== undefined && { response_metadata: { next_cursor: next } }),
  });

export const refused = (error: string, more: object = {}) => Response.json({ ok: false, error, ...more });

export const limited = (seconds: number) =>
  Response.json({ ok: false, error: 'ratelimited' }, { status: 429, headers: { 'retry-after': String(seconds) } });

export interface Taken {
  readonly texts: readonly string[];
  readonly cursors: Readonly<Record<string, string | null>>;
}

export interface RigOptions {
  readonly cursors?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly integration?: Partial<Integration>;
  readonly credential?: Credential;
  readonly deployment?: Credential;
  readonly accept?: (messages: readonly InboundMessage[]) => Promise<void>;
  readonly join?: ReceiverPort['join'];
  /** Of another rig, to start the same bot once more. */
  readonly clock?: ManualClock;
}

/** A receiver whose platform is a function and whose time stands still until told. It ends with the test. */
export function slackRig(answer: (call: ScriptedCall, index: number) => ScriptedAnswer, options: RigOptions = {}) {
  const clock = options.clock ?? createManualClock(START);
  const { fetch, calls } = scriptedFetch(answer);
  const cursors = new Map(Object.entries(options.cursors ?? { [`ch:${CHANNEL}`]: stamp(-10) }));
  const taken: Taken[] = [];
  const heard: InboundMessage[] = [];
  const health: Omit<Health, 'since'>[] = [];
  const integration = {
    settings: { workspace_id: TEAM, channel_ids: [CHANNEL], ...options.settings },
    ...{ enabled: true, autoRespond: true, connectedAt: START, ...options.integration },
  } as unknown as Integration;
  const routes = [integration];
  const accept = async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
    await options.accept?.(messages);
    heard.push(...messages);
    for (const { name, value } of moved) value === null ? cursors.delete(name) : cursors.set(name, value);
    const named = Object.fromEntries(moved.map(({ name, value }) => [name, value]));
    taken.push({ texts: messages.map(({ text }) => text), cursors: named });
  };
  const stopping = new AbortController();
  const running = receiver(slackBot, options.credential ?? { bot_token: 'xoxb-secret' }, {
    apiUrl: 'http://slack.test/api',
    hooksUrl: 'https://replr.test/hooks/slack',
    ...(options.deployment && { deployment: options.deployment }),
    fetch,
    clock,
    random: () => 0.5,
    log: silentLog,
    cursors,
    routes: () => routes,
    accept,
    moved: async () => {},
    join: options.join ?? (async () => {}),
    report: (state) => void health.push(state),
  }).run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  const states = () => health.map(({ state, code, transport }) => [state, code, transport].filter(Boolean).join(' '));
  return { clock, calls, cursors, taken, heard, health, states, routes, accept, running, stop };
}
