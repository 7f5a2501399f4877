import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Bell, waitOn } from './bell.ts';
import type { SimulatorClock } from './clock.ts';
import type { Body } from './control-fields.ts';
import { isObject, parsed } from './json.ts';

export type Operation<S> = (simulator: S, body: Body) => unknown;

/** What a simulator offers whoever directs it over HTTP. */
export interface ControlOffer<S> {
  readonly operations: Readonly<Record<string, Operation<S>>>;
  /** Those that change nothing. */
  readonly readable: ReadonlySet<string>;
  /** Each simulator takes bodies as it takes them elsewhere: how large they may be is its own affair. */
  readonly readBody: (request: IncomingMessage) => Promise<Buffer>;
}

interface Directed {
  readonly scene: { readonly bell: Bell; readonly clock: SimulatorClock };
}

/** `POST /control/<name>` with a JSON body; `GET` with the same fields in the query for those that change nothing. */
export function controlExchange<S extends Directed>({ operations, readable, readBody }: ControlOffer<S>) {
  return async (simulator: S, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const name = url.pathname.replace(/^\/control\/?/, '');
    if (name === 'changed') return changed(simulator, response, url);
    const operation = operations[name];
    if (!operation) return reply(response, 404, { error: `no operation ${name}`, operations: Object.keys(operations) });
    try {
      if (request.method !== 'POST' && !readable.has(name)) throw new Error('POST it');
      const source = await readBody(request);
      const body = source.length === 0 ? Object.fromEntries(url.searchParams) : parsed(source.toString());
      if (!isObject(body)) throw new Error('the body is a JSON object');
      reply(response, 200, (await operation(simulator, body)) ?? { ok: true });
    } catch (error) {
      reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** `GET /control/changed?after=VERSION`: answers once something happened after that version, at most 30 s later. */
async function changed({ scene }: Directed, response: ServerResponse, url: URL): Promise<void> {
  const { bell, clock } = scene;
  const after = Number(url.searchParams.get('after') ?? bell.version);
  const ended = new AbortController();
  const cancel = clock.after(30_000, () => ended.abort());
  response.on('close', () => ended.abort());
  await waitOn(bell, () => bell.version > after, ended.signal).catch(() => {});
  cancel();
  if (!response.destroyed) reply(response, 200, { version: bell.version });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}
