import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, play, sendError } from './answer.ts';
import { createFaults, type Fault, parseFault } from './fault.ts';
import { parseRequest } from './request.ts';

/** One request as the model saw it. */
export interface PromptRecord {
  /** From 1, in order of arrival. */
  readonly number: number;
  /** The request body as it came. Headers are not kept: the ledger holds what the model reads, not what opens its door. */
  readonly body: unknown;
  /** All message texts, one below the other. */
  readonly text: string;
  readonly model: string;
  /** What it cost so far, counted in words: read and written, also when the client left. */
  readonly tokens: number;
  /** How many bytes of an `endless_` fault the client let us send, as they were before compression. */
  readonly flooded: number;
  /** The fault it met. */
  readonly fault: Fault['kind'] | null;
  /** `left`: the client closed the connection before the end. `broken`: we did. */
  readonly state: 'open' | 'answered' | 'left' | 'broken';
}

type Open<T extends PromptRecord> = Omit<T, Counted> & Pick<Mutable<T>, Counted>;
type Counted = 'state' | 'tokens' | 'flooded';
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a bill would say. */
export interface Totals {
  readonly requests: number;
  readonly tokens: number;
  /** The most requests that were open at once. */
  readonly concurrent: number;
}

export interface ModelSimulator {
  /** Base address, `/v1` included. */
  readonly url: string;
  /** Where `POST faults`, `DELETE faults`, `POST release`, `GET prompts`, `DELETE prompts` and `GET totals` are. */
  readonly controlUrl: string;
  /** Every prompt that passed the checks of the API, in order of arrival. */
  readonly prompts: readonly PromptRecord[];
  /** Requests that were refused as invalid, with the reason. A correct client leaves this empty. */
  readonly invalid: readonly string[];
  /** Of all requests since the start or the last `DELETE prompts`, refused ones not counted. */
  totals(): Totals;
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Lets calls go on that hang or stall; only those whose prompt contains `match`, if given. */
  release(match?: string): void;
  /** Resolves as soon as the ledger is as wished. */
  waitFor(check: (prompts: readonly PromptRecord[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface ModelSimulatorOptions {
  readonly port?: number;
  readonly host?: string;
  /** When set, calls without this bearer token get a 401. */
  readonly apiKey?: string;
}

const MODELS = ['sim-small', 'sim-large'];
const MAX_BODY = 8 * 1024 * 1024;

/** A local server that speaks OpenAI's Chat Completions, remembers what it was told and fails as asked. */
export async function startModelSimulator(options: ModelSimulatorOptions = {}): Promise<ModelSimulator> {
  const faults = createFaults();
  const prompts: Open<PromptRecord>[] = [];
  const invalid: string[] = [];
  const waiters = new Set<() => void>();
  let open = 0;
  let concurrent = 0;
  const held = new Set<{ text: string; go: () => void }>();
  const changed = () => {
    for (const look of [...waiters]) look();
  };

  async function chat(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(incoming);
    const request = parseRequest(body);
    if (typeof request === 'string') {
      invalid.push(request);
      return sendError(response, 400, null, request);
    }
    const text = request.messages.map((message) => message.text).join('\n');
    const { model } = request;
    const fault = faults.take(text, model);
    const number = prompts.length + 1;
    const entry: Open<PromptRecord> = {
      number,
      body,
      text,
      model,
      tokens: 0,
      flooded: 0,
      fault: fault?.kind ?? null,
      state: 'open',
    };
    prompts.push(entry);
    concurrent = Math.max(concurrent, ++open);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const settled = new Promise<void>((resolve) => {
      response.once('close', () => {
        open -= 1;
        if (entry.state === 'open') entry.state = 'left';
        changed();
        resolve();
      });
    });
    changed();
    const released: Call['released'] = () =>
      new Promise((resolve) => {
        const go = () => {
          held.delete(one);
          resolve();
        };
        const one = { text, go };
        held.add(one);
        gone.signal.addEventListener('abort', go, { once: true });
        if (gone.signal.aborted) go();
      });
    const billed = (tokens: number) => {
      entry.tokens += tokens;
    };
    const flooded = (bytes: number) => {
      entry.flooded += bytes;
    };
    const call = { id: String(number), request, fault, response, gone: gone.signal, billed, flooded, released };
    const whole = await play(call);
    if (entry.state === 'open') entry.state = whole ? 'answered' : 'broken';
    await settled;
  }

  async function control(method: string, path: string, incoming: IncomingMessage, response: ServerResponse) {
    const reply = (status: number, value: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    switch (`${method} ${path}`) {
      case 'POST /control/faults': {
        const fault = parseFault(await readJson(incoming));
        if (typeof fault === 'string') return reply(400, { error: fault });
        faults.add(fault);
        return reply(201, fault);
      }
      case 'DELETE /control/faults':
        faults.clear();
        return reply(200, {});
      case 'POST /control/release': {
        const body = await readJson(incoming);
        const match = typeof body === 'object' && body !== null && 'match' in body ? String(body.match) : undefined;
        simulator.release(match);
        return reply(200, {});
      }
      case 'GET /control/prompts':
        return reply(200, { prompts, invalid });
      case 'GET /control/totals':
        return reply(200, simulator.totals());
      case 'DELETE /control/prompts':
        prompts.length = 0;
        invalid.length = 0;
        concurrent = open;
        return reply(200, {});
      default:
        return reply(404, { error: 'No such control.' });
    }
  }

  async function route(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? '';
    const { pathname } = new URL(incoming.url ?? '/', 'http://simulator');
    if (pathname.startsWith('/control/')) return control(method, pathname, incoming, response);
    const key = options.apiKey;
    if (key !== undefined && incoming.headers.authorization !== `Bearer ${key}`) {
      return sendError(response, 401, 'invalid_api_key', 'Incorrect API key provided.');
    }
    if (method === 'POST' && pathname === '/v1/chat/completions') return chat(incoming, response);
    if (method === 'GET' && pathname === '/v1/models') {
      const data = MODELS.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'simulator' }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }));
      return;
    }
    sendError(response, 404, null, `Invalid URL (${method} ${pathname})`);
  }

  const server = createServer((incoming, response) => {
    route(incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else sendError(response, 400, null, 'The body could not be read as JSON.');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  const base = `http://${options.host ?? '127.0.0.1'}:${address.port}`;

  const simulator: ModelSimulator = {
    url: `${base}/v1`,
    controlUrl: `${base}/control`,
    prompts,
    invalid,
    totals: () => ({
      requests: prompts.length,
      tokens: prompts.reduce((sum, { tokens }) => sum + tokens, 0),
      concurrent,
    }),
    fault: faults.add,
    clearFaults: faults.clear,
    release: (match = '') => {
      for (const one of [...held]) if (one.text.includes(match)) one.go();
    },
    waitFor: (check) =>
      new Promise((resolve) => {
        const look = () => {
          if (!check(prompts)) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return simulator;
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error('body too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}
