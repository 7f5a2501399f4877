import { createInflate, type Inflate } from 'node:zlib';
import { WebSocket } from 'ws';
import type { BotHandle } from './bots.ts';
import type { DiscordSimulator } from './simulator.ts';

/** For the tests beside: the plainest client there is. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function call(
  simulator: DiscordSimulator,
  bot: BotHandle | string,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Reply> {
  const token = typeof bot === 'string' ? bot : bot.token;
  const response = await fetch(`${simulator.url}/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${token}`,
      'user-agent': 'DiscordBot (https://example.com, 1)',
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: options.signal ?? null,
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  const body = (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

export interface Frame {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever arrived.
  readonly d: any;
}

const open = new Set<Gateway>();

/** Nothing may be left running after a test. */
export function closeGateways(): void {
  for (const gateway of open) gateway.socket.terminate();
  open.clear();
}

/** A connection that keeps what arrives until somebody asks for it. */
export class Gateway {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  readonly #inflate: Inflate | undefined;
  readonly #wake = new Set<() => void>();
  #end: number | undefined;

  constructor(url: string, query = '?v=10&encoding=json') {
    open.add(this);
    this.socket = new WebSocket(`${url}${query}`);
    this.socket.on('error', () => {});
    let plain = '';
    if (query.includes('zlib-stream')) {
      this.#inflate = createInflate();
      this.#inflate.on('data', (chunk: Buffer) => {
        plain += chunk.toString();
      });
    }
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (!this.#inflate) return this.#take(isBinary ? '' : data.toString());
      const isWhole = data.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]));
      this.#inflate.write(data, () => {
        if (!isWhole) return;
        this.#take(plain);
        plain = '';
      });
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.#end = code;
        resolve(code);
        for (const wake of this.#wake) wake();
      });
    });
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  /** The first frame that fits, taken out; waits for it. */
  next(fits: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.frames.findIndex(fits);
        const [found] = at < 0 ? [] : this.frames.splice(at, 1);
        if (!found && this.#end === undefined) return;
        this.#wake.delete(look);
        if (found) resolve(found);
        else reject(new Error(`closed with ${this.#end}`));
      };
      this.#wake.add(look);
      look();
    });
  }

  op(op: number): Promise<Frame> {
    return this.next((frame) => frame.op === op);
  }

  event(t: string): Promise<Frame> {
    return this.next((frame) => frame.t === t);
  }

  /** Everything sent before this is there once it resolves. */
  async settled(): Promise<void> {
    this.send(1, null);
    await this.op(11);
  }

  #take(text: string): void {
    try {
      this.frames.push(JSON.parse(text) as Frame);
    } catch {
      this.frames.push({ op: -1, t: null, s: null, d: text });
    }
    for (const wake of [...this.#wake]) wake();
  }
}

export const usualIntents = 37_377;

export function identity(bot: BotHandle | string, intents: unknown = usualIntents): Record<string, unknown> {
  const token = typeof bot === 'string' ? bot : bot.token;
  return { token, intents, properties: { os: 'linux', browser: 'test', device: 'test' } };
}

export function gatewayUrl(simulator: DiscordSimulator): string {
  return `${simulator.url.replace('http', 'ws')}/gateway`;
}

/** Past Hello. */
export async function connect(simulator: DiscordSimulator, query?: string): Promise<Gateway> {
  const gateway = new Gateway(gatewayUrl(simulator), query);
  await gateway.op(10);
  return gateway;
}

/** Past READY and the guilds. */
export async function login(
  simulator: DiscordSimulator,
  bot: BotHandle,
  intents: number = usualIntents,
  query?: string,
): Promise<{ gateway: Gateway; ready: Frame }> {
  const gateway = await connect(simulator, query);
  gateway.send(2, identity(bot, intents));
  const ready = await gateway.event('READY');
  await gateway.settled();
  return { gateway, ready };
}

export async function resumed(
  simulator: DiscordSimulator,
  bot: BotHandle,
  ready: Frame,
  seq: number,
): Promise<Gateway> {
  const gateway = new Gateway(`${simulator.url.replace('http', 'ws')}/resume`);
  await gateway.op(10);
  gateway.send(6, { token: bot.token, session_id: ready.d.session_id, seq });
  return gateway;
}
