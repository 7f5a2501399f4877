import type { IncomingMessage, ServerResponse } from 'node:http';
import { waitOn } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import type { DiscordControls } from './controls.ts';
import { operations, readable } from './operations.ts';
import { readBody } from './rest.ts';

/** `POST /control/<name>` with a JSON body; `GET` with the same fields in the query for those that change nothing. */
export async function serveControl(
  simulator: DiscordControls,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
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
}

/** `GET /control/changed?after=VERSION`: answers once something happened after that version, at most 30 s later. */
async function changed(simulator: DiscordControls, response: ServerResponse, url: URL): Promise<void> {
  const { bell, clock } = simulator.scene;
  const after = Number(url.searchParams.get('after') ?? bell.version);
  const ended = new AbortController();
  const cancel = clock.after(30_000, () => ended.abort());
  response.on('close', () => ended.abort());
  await waitOn(bell, () => bell.version > after, ended.signal).catch(() => {});
  cancel();
  if (!response.destroyed) reply(response, 200, { version: bell.version });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
