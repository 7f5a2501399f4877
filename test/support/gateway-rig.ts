import { gateway } from '../../src/connectors/discord/gateway.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Health } from '../../src/core/health.ts';
import type { Bot, Integration } from '../../src/core/integration.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { Cursor, InboundMessage } from '../../src/core/message.ts';
import { type Caller, type Frame, scriptedGateway } from './scripted-gateway.ts';

export const GUILD = '1200000000000000001';
export const CHANNEL = '1200000000000000002';
export const FORUM = '1200000000000000003';
let bots = 1_200_000_000;

/** Waits are short, durations real: what is slept is kept. */
function hasty(slept: number[]): Clock {
  return {
    ...systemClock,
    sleep: (ms, signal) => {
      if (ms === 10_000 || ms === 5_000) return systemClock.sleep(ms, signal);
      slept.push(ms);
      return systemClock.sleep(Math.min(ms, 5), signal);
    },
  };
}

export interface LinkOptions {
  readonly settings?: Record<string, unknown>;
  readonly accept?: (messages: readonly InboundMessage[]) => Promise<void>;
  /** The stored session. */
  readonly cursor?: string;
  readonly cursors?: Readonly<Record<string, string>>;
  readonly clock?: Partial<Clock>;
  readonly log?: Log;
}

export type GatewayRig = Awaited<ReturnType<typeof gatewayRig>>;

/** A scripted gateway with a bot of its own, and the links to it, which `end` stops. */
export async function gatewayRig() {
  // How fast a bot may begin anew is remembered beyond a link.
  const self = `${++bots}000000`;
  const bot: Bot = { id: 'bot_1', platform: 'discord', identity: self, profile: {} };
  const there = await scriptedGateway();
  const open: (() => Promise<void>)[] = [];

  function start(options: LinkOptions = {}) {
    const heard: InboundMessage[] = [];
    const commits: { ids: string[]; seq: number | undefined }[] = [];
    const health: Omit<Health, 'since'>[] = [];
    const slept: number[] = [];
    const cursors = new Map(Object.entries(options.cursors ?? {}));
    if (options.cursor !== undefined) cursors.set('session', options.cursor);
    const stopping = new AbortController();
    const settings = { guild_id: GUILD, channel_ids: [CHANNEL, FORUM], ...options.settings };
    const routes = [{ settings } as unknown as Integration];
    const receiver = gateway(
      bot,
      { bot_token: 'secret' },
      {
        apiUrl: there.apiUrl,
        fetch,
        clock: { ...hasty(slept), ...options.clock },
        random: () => 0.5,
        log: options.log ?? silentLog,
        cursors,
        routes: () => routes,
        accept: async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
          await options.accept?.(messages);
          heard.push(...messages);
          for (const { name, value } of moved) value === null ? cursors.delete(name) : cursors.set(name, value);
          const [cursor] = moved;
          const seq = cursor?.value ? (JSON.parse(cursor.value) as { seq: number }).seq : undefined;
          commits.push({ ids: messages.map(({ id }) => id), seq });
        },
        moved: async () => {},
        join: async () => {},
        report: (state) => void health.push(state),
      },
    );
    const ended = receiver.run(stopping.signal);
    const stop = async (reason?: string) => {
      stopping.abort(reason);
      await ended;
    };
    open.push(stop);
    return { heard, commits, health, slept, cursors, ended, stop, routes };
  }

  const ready = (session_id = 's1', guilds = [{ id: GUILD, unavailable: true }]) => ({
    op: 0,
    t: 'READY',
    s: 1,
    d: { session_id, resume_gateway_url: `${there.url}/again`, user: { id: self }, guilds },
  });
  /** Identify is answered with READY, resume with RESUMED. */
  const polite = (caller: Caller, { op }: Frame) => {
    if (op === 2) caller.send(ready());
    if (op === 6) caller.send({ op: 0, t: 'RESUMED', s: 99, d: {} });
  };
  const greetings = () => there.callers.map(({ frames }) => frames.find(({ op }) => op !== 1)?.op);
  const end = async () => {
    for (const stop of open.splice(0)) await stop();
    await there.close();
  };
  // The same object, for tests set what it answers.
  return Object.assign(there, { self, start, ready, polite, greetings, end });
}

export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const said = (s: number, id: string, more: object = {}) => ({
  op: 0,
  t: 'MESSAGE_CREATE',
  s,
  d: {
    id,
    channel_id: CHANNEL,
    guild_id: GUILD,
    channel_type: 0,
    type: 0,
    content: `text ${id}`,
    timestamp: '2026-03-09T18:22:00.000000+00:00',
    author: { id: '5', username: 'ann' },
    ...more,
  },
});

export const states = (health: readonly Omit<Health, 'since'>[]) =>
  health.map(({ state, code }) => [state, code].filter(Boolean).join(' '));
