import type { IncomingMessage, ServerResponse } from 'node:http';
import { ring } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import type { Call, Outcome } from './call.ts';
import { type Fault, latencyOf, takeFault } from './faults.ts';
import { type LedgerCall, record } from './ledger.ts';
import { bucketKey, countInvalid, isBanned, isImpatient, noteWait, takeFrom } from './limits.ts';
import { invalidForm, Refusal } from './refusal.ts';
import { findRoute, type Match } from './routes.ts';
import type { Scene } from './scene.ts';
import { readForm } from './uploads.ts';
import { isSnowflake } from './validate.ts';
import type { Bot } from './world.ts';

type Headers = Record<string, string>;

interface Exchange {
  readonly scene: Scene;
  readonly response: ServerResponse;
  readonly entry: LedgerCall;
}

export async function serveRest(scene: Scene, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, ledger, clock } = scene;
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const method = request.method ?? 'GET';
  const path = url.pathname.replace(/^\/v10(?=\/)/, '');
  const bot = botOf(scene, request);
  const entry: LedgerCall = { method, path, bot: bot?.user.id, at: clock.now(), status: 0, outcome: 'running' };
  record(ledger, ledger.calls, entry);
  ledger.counts.calls++;
  const exchange = { scene, response, entry };
  const fault = faults.down ? undefined : takeFault(faults, { method, path, botId: bot?.user.id });
  if (faults.down || fault?.kind === 'refuse') {
    end(exchange, 'refused');
    request.socket.resetAndDestroy();
    return;
  }
  let call: Call | undefined;
  // A client that gives up while the answer is on its way never learns what became of its call.
  response.on('close', () => {
    if (response.writableFinished) return;
    if (entry.outcome === 'running') end(exchange, 'left');
    if (!call?.made || call.made.ambiguous) return;
    call.made.ambiguous = true;
    ledger.counts.ambiguous++;
    ring(scene.bell);
  });
  const source = await readBody(request);
  if (fault?.kind === 'hang') return end(exchange, 'hung');
  const headers: Headers = {};
  let outcome: Outcome;
  try {
    const found = admit(exchange, request, url, bot, headers, fault);
    if (response.destroyed) return;
    if (!found || (fault && fault.kind !== 'drop' && fault.kind !== 'hang_after')) return;
    const type = request.headers['content-type'] ?? '';
    const { body, files } = type.startsWith('multipart/form-data')
      ? await readForm(type, source)
      : { body: bodyOf(request, source), files: [] };
    call = { scene, bot: found.bot, ids: found.match.ids, query: url.searchParams, body, files, entry };
    outcome = found.match.route.handler(call);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 0, { message: `500: ${error}` });
    entry.code = refusal.code;
    outcome = { status: refusal.status, body: refusal.body() };
  }
  if (fault?.kind === 'drop' || fault?.kind === 'hang_after') {
    end(exchange, fault.kind === 'drop' ? 'dropped' : 'hung');
    if (fault.kind === 'drop') request.socket.resetAndDestroy();
    return;
  }
  const latency = latencyOf(faults, path);
  if (latency > 0) await new Promise<void>((resolve) => clock.after(latency, resolve));
  if (!response.destroyed) answer(exchange, outcome, headers);
}

/** Everything that comes before the route: who asks, in which version, how often. Undefined: answered already. */
function admit(
  exchange: Exchange,
  request: IncomingMessage,
  url: URL,
  bot: Bot | undefined,
  headers: Headers,
  fault: Fault | undefined,
): { readonly bot: Bot; readonly match: Match } | undefined {
  const { scene, entry } = exchange;
  const { ledger, limits, clock } = scene;
  const now = clock.now();
  if (isBanned(limits, now)) {
    ledger.counts.banned++;
    answerHtml(exchange, 429, undefined);
    return undefined;
  }
  // Cloudflare stands in front and wants to know what kind of client it is [D5].
  if (!request.headers['user-agent']?.startsWith('DiscordBot (')) throw new Refusal(403, 40333);
  if (!url.pathname.startsWith('/v10/')) {
    ledger.counts.wrong_version++;
    throw new Refusal(404, 50041);
  }
  const match = findRoute(entry.method, entry.path);
  const who = bot?.user.id ?? 'nobody';
  const name = typeof match === 'object' ? match.route.name : '*';
  const major = typeof match === 'object' ? (match.ids[0] ?? '') : '';
  if (isImpatient(limits, who, name, major, now)) ledger.counts.called_while_limited++;
  if (fault?.kind === 'error') {
    const { status, code = 0, message = `${status}: Error` } = fault;
    throw new Refusal(status, code, { message });
  }
  if (fault?.kind === 'html') answerHtml(exchange, fault.status, fault.body);
  if (fault?.kind === 'rate_limit') {
    limited(exchange, headers, who, bucketKey(who, name, major), fault.retryAfter, fault.scope);
  }
  if (fault?.kind === 'html' || fault?.kind === 'rate_limit') return undefined;
  if (!bot) {
    ledger.counts.unauthorized++;
    throw new Refusal(401, 0, { message: '401: Unauthorized' });
  }
  const verdict = takeFrom(limits, who, name, major, now);
  Object.assign(headers, verdict.headers);
  if (verdict.refused) {
    const { retryAfter, scope } = verdict.refused;
    limited(exchange, headers, who, bucketKey(who, name, major), retryAfter, scope);
    return undefined;
  }
  if (typeof match !== 'object') {
    ledger.counts.unknown_routes++;
    throw match === 'wrong-method'
      ? new Refusal(405, 0, { message: '405: Method Not Allowed' })
      : new Refusal(404, 0, { message: '404: Not Found' });
  }
  const bad = match.ids.find((id) => !isSnowflake(id));
  if (bad !== undefined) {
    const message = `Value "${bad}" is not snowflake.`;
    throw invalidForm([{ path: ['id'], code: 'NUMBER_TYPE_COERCE', message }]);
  }
  return { bot, match };
}

function limited(
  exchange: Exchange,
  headers: Headers,
  who: string,
  bucket: string,
  retryAfter: number,
  scope: 'user' | 'shared' | 'global',
): void {
  const { scene, entry } = exchange;
  const wait = Math.max(0.001, Math.ceil(retryAfter * 1000) / 1000);
  scene.ledger.counts.rate_limited++;
  noteWait(scene.limits, scope === 'global' ? who : bucket, scene.clock.now() + wait * 1000);
  headers['retry-after'] = String(Math.ceil(wait));
  headers['x-ratelimit-scope'] = scope;
  headers['x-ratelimit-remaining'] = '0';
  headers['x-ratelimit-reset-after'] = wait.toFixed(3);
  if (scope === 'global') headers['x-ratelimit-global'] = 'true';
  entry.code = 0;
  const message = 'You are being rate limited.';
  answer(exchange, { status: 429, body: { message, retry_after: wait, global: scope === 'global' } }, headers);
}

function botOf(scene: Scene, request: IncomingMessage): Bot | undefined {
  const [, token] = /^Bot (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  return token === undefined ? undefined : scene.world.tokens.get(token);
}

function bodyOf(request: IncomingMessage, source: Buffer): Record<string, unknown> {
  if (request.method === 'GET' || request.method === 'DELETE' || source.length === 0) return {};
  if (!request.headers['content-type']?.startsWith('application/json')) {
    throw invalidForm([
      {
        path: [],
        code: 'CONTENT_TYPE_INVALID',
        message: "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.",
      },
    ]);
  }
  const body = parsed(source.toString());
  if (!isObject(body)) throw new Refusal(400, 50109);
  return body;
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(exchange: Exchange, outcome: Outcome, headers: Headers): void {
  const { response, entry } = exchange;
  finish(exchange, outcome.status, headers['x-ratelimit-scope'] === 'shared');
  entry.status = outcome.status;
  const text = outcome.body === undefined ? '' : JSON.stringify(outcome.body);
  const type: Headers =
    text === '' ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  // The time of the answers is that of the ids, however far it was moved on.
  const date = new Date(exchange.scene.clock.now()).toUTCString();
  response.writeHead(outcome.status, { date, ...headers, ...type }).end(text);
}

/** What stands in front of the platform knows no JSON. */
function answerHtml(
  exchange: Exchange,
  status: number,
  body = `<html><title>${status}</title><h1>Error ${status}</h1></html>`,
): void {
  const { response } = exchange;
  finish(exchange, status, false);
  response.writeHead(status, { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' }).end(body);
}

function finish(exchange: Exchange, status: number, shared: boolean): void {
  const { scene, entry } = exchange;
  entry.status = status;
  if (status === 401 || status === 403 || (status === 429 && !shared)) {
    scene.ledger.counts.invalid_requests++;
    countInvalid(scene.limits, scene.clock.now());
  }
  end(exchange, 'answered');
}

function end({ scene, entry }: Exchange, outcome: LedgerCall['outcome']): void {
  entry.outcome = outcome;
  entry.ended_at = scene.clock.now();
  ring(scene.bell);
}
