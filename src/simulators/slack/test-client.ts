import { WebSocket } from 'ws';
import type { SlackSimulator } from './simulator.ts';

/** For the tests beside: the plainest client there is. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever arrived.
  readonly body: any;
}

/** Arguments as JSON where `json`, else as a form. */
export async function call(
  simulator: SlackSimulator,
  token: string | undefined,
  method: string,
  args: Readonly<Record<string, unknown>> = {},
  options: { json?: boolean; signal?: AbortSignal } = {},
): Promise<Reply> {
  const type = options.json ? 'application/json; charset=utf-8' : 'application/x-www-form-urlencoded';
  const form = Object.entries(args).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  const response = await fetch(`${simulator.url}/${method}`, {
    method: 'POST',
    headers: { 'content-type': type, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: options.json ? JSON.stringify(args) : new URLSearchParams(form).toString(),
    signal: options.signal ?? null,
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever arrived.
type Frame = any;

const open = new Set<Socket>();

/** Nothing may be left running after a test. */
export function closeSockets(): void {
  for (const socket of open) socket.socket.terminate();
  open.clear();
}

/** A connection that keeps what arrives until somebody asks for it; acknowledges nothing by itself. */
export class Socket {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  readonly #wake = new Set<() => void>();
  #end: number | undefined;

  constructor(url: string) {
    open.add(this);
    this.socket = new WebSocket(url);
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()));
      for (const wake of [...this.#wake]) wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.#end = code;
        resolve(code);
        for (const wake of [...this.#wake]) wake();
      });
    });
  }

  send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  ack(envelope: Frame): void {
    this.send({ envelope_id: envelope.envelope_id });
  }

  /** The first frame of that type, taken out; waits for it. */
  next(type: string): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.frames.findIndex((frame) => frame.type === type);
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
}

/** Past hello. */
export async function connect(simulator: SlackSimulator, appToken: string): Promise<{ socket: Socket; hello: Frame }> {
  const { body } = await call(simulator, appToken, 'apps.connections.open');
  const socket = new Socket(body.url);
  return { socket, hello: await socket.next('hello') };
}
