import type { IncomingMessage, ServerResponse } from 'node:http';
import { ring } from '../shared/bell.ts';
import { checkArguments, type Given, readArguments } from './arguments.ts';
import type { Call, Outcome } from './call.ts';
import { latencyOf, takeFault } from './faults.ts';
import { type LedgerCall, record } from './ledger.ts';
import { type Asked, takeFrom, tell, waitTold } from './limits.ts';
import { methods, openConnection, socketMethod } from './methods.ts';
import { isListed, type MethodSpec, methodSpec, Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import type { App, Install, Token } from './world.ts';

interface Exchange {
  readonly scene: Scene;
  readonly response: ServerResponse;
  readonly entry: LedgerCall;
  readonly headers: Record<string, string>;
}

/** `POST /api/<method>`: nearly everything is answered with 200, whatever came of it (platforms.md §3). */
export async function serveWeb(scene: Scene, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, ledger, clock } = scene;
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const method = url.pathname.replace(/^\/api\//, '');
  const spec = methodSpec(method);
  const token = tokenOf(scene, request);
  const known = token === 'none' ? undefined : token;
  const install = known?.kind === 'bot' ? known.install : undefined;
  const app = known?.kind === 'app' ? known.app : install?.app;
  const entry: LedgerCall = {
    method,
    at: clock.now(),
    team_id: install?.workspace.id,
    app_id: app?.id,
    bot: install?.user.id,
    args: {},
    status: 0,
    outcome: 'running',
  };
  record(ledger, ledger.calls, entry);
  ledger.counts.calls++;
  const exchange: Exchange = { scene, response, entry, headers: {} };
  if (faults.down) return reset(exchange, request);
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
  const given = attempt(() => (spec ? readArguments(ledger, spec, request, url, source) : { args: {}, isJson: false }));
  if (!(given instanceof Refusal)) entry.args = summary(given.args);
  const fault = takeFault(faults, { method, bot: install?.user.id, channel: entry.args['channel'] });
  if (fault?.kind === 'refuse') return reset(exchange, request);
  if (fault?.kind === 'hang') return end(exchange, 'hung');
  if (fault?.kind === 'html') return answerHtml(exchange, fault.status, fault.body);
  let outcome: Outcome;
  try {
    if (!spec) {
      ledger.counts.unknown_methods++;
      throw new Refusal('unknown_method', { req_method: method });
    }
    const who = admit(exchange, method, spec, token, fault?.kind === 'rate_limit' ? fault.retryAfter : undefined);
    if (who === 'limited') return;
    if (fault?.kind === 'error') throw injected(scene, method, fault.error, fault.fields);
    if (given instanceof Refusal) throw given;
    const args = checkArguments(ledger, spec, given);
    if (who.install) {
      call = { scene, install: who.install, args };
      outcome = carryOut(method, call);
    } else outcome = openConnection(scene, who.app);
  } catch (error) {
    return refuse(exchange, method, error);
  }
  if (fault?.kind === 'drop' || fault?.kind === 'hang_after') {
    end(exchange, fault.kind === 'drop' ? 'dropped' : 'hung');
    if (fault.kind === 'drop') request.socket.resetAndDestroy();
    return;
  }
  const latency = latencyOf(faults, method);
  if (latency > 0) await new Promise<void>((resolve) => clock.after(latency, resolve));
  if (response.destroyed) return;
  if (fault?.kind === 'fatal_after') return refuse(exchange, method, new Refusal('fatal_error'));
  answer(exchange, 200, { ok: true, ...outcome });
}

function carryOut(method: string, call: Call): Outcome {
  const run = methods[method];
  if (!run) throw new Error(`${method} has no handler`);
  return run(call);
}

/** Everything that comes before the method: who asks, how often, with which scopes. */
function admit(
  exchange: Exchange,
  method: string,
  spec: MethodSpec,
  token: Token | 'none' | undefined,
  injectedWait: number | undefined,
): { readonly app: App; readonly install: Install | undefined } | 'limited' {
  const { scene, entry, headers } = exchange;
  const { counts } = scene.ledger;
  headers['x-accepted-oauth-scopes'] = spec.scopes.join(',');
  if (token === 'none') throw new Refusal('not_authed');
  if (token?.state !== 'good') {
    counts.unauthorized++;
    throw new Refusal(token?.state ?? 'invalid_auth');
  }
  const isForApp = method === socketMethod;
  if (token.kind === 'user' || isForApp !== (token.kind === 'app')) throw new Refusal('not_allowed_token_type');
  const install = token.kind === 'bot' ? token.install : undefined;
  const app = token.kind === 'app' ? token.app : token.install.app;
  const scopes = token.kind === 'app' ? token.scopes : token.install.scopes;
  headers['x-oauth-scopes'] = [...scopes].join(',');
  const channel = method === 'chat.postMessage' ? String(entry.args['channel']) : undefined;
  const teamId = install?.workspace.id ?? '';
  const asked = { method, tier: spec.tier, teamId, appId: app.id, channel, capped: app.capped };
  if (isLimited(exchange, asked, injectedWait)) return 'limited';
  if (spec.scopes.length > 0 && !spec.scopes.some((it) => scopes.has(it))) {
    throw new Refusal('missing_scope', { needed: spec.scopes.join(','), provided: [...scopes].join(',') });
  }
  return { app, install };
}

function isLimited(exchange: Exchange, asked: Asked, injectedWait: number | undefined): boolean {
  const { scene, headers } = exchange;
  const { limits, clock, ledger } = scene;
  const now = clock.now();
  if (waitTold(limits, asked, now) !== undefined) ledger.counts.sent_while_limited++;
  const wait = injectedWait === undefined ? takeFrom(limits, asked, now) : injectedWait * 1000;
  if (wait === undefined) return false;
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  if (waitTold(limits, asked, now) === undefined) tell(limits, asked, now + seconds * 1000);
  ledger.counts.rate_limited++;
  headers['retry-after'] = String(seconds);
  exchange.entry.error = 'ratelimited';
  answer(exchange, 429, { ok: false, error: 'ratelimited' });
  return true;
}

function injected(
  scene: Scene,
  method: string,
  error: string,
  fields: Readonly<Record<string, unknown>> = {},
): Refusal {
  if (!isListed(method, error)) scene.ledger.counts.unlisted_errors++;
  return new Unlisted(error, fields);
}

/** A director's error may be one that no documentation has: the platform's does so too. */
class Unlisted extends Refusal {}

function refuse(exchange: Exchange, method: string, error: unknown): void {
  const isOurs = error instanceof Refusal;
  const isKnown = error instanceof Unlisted || !methodSpec(method);
  if (!isOurs || (!isKnown && !isListed(method, error.error))) {
    // A mistake of the simulator itself: nobody must take it for the platform's answer.
    exchange.entry.error = `simulator: ${String(error)}`;
    answerHtml(exchange, 500, String(error));
    return;
  }
  exchange.entry.error = error.error;
  answer(exchange, 200, { ok: false, error: error.error, ...error.fields });
}

/** `none`: the call carried no token. */
function tokenOf(scene: Scene, request: IncomingMessage): Token | 'none' | undefined {
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  return token === undefined ? 'none' : scene.world.tokens.get(token);
}

function attempt(read: () => Given): Given | Refusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function summary(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const long = new Set(['text', 'markdown_text', 'blocks', 'attachments', 'token']);
  return Object.fromEntries(Object.entries(args).filter(([name]) => !long.has(name)));
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(exchange: Exchange, status: number, body: unknown): void {
  const { response, scene, headers } = exchange;
  const text = JSON.stringify(body);
  end(exchange, 'answered', status);
  response.writeHead(status, {
    ...headers,
    date: new Date(scene.clock.now()).toUTCString(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  });
  response.end(text);
}

/** What stands in front of the platform knows no JSON. */
function answerHtml(exchange: Exchange, status: number, body = `<html><h1>${status}</h1></html>`): void {
  end(exchange, 'answered', status);
  exchange.response.writeHead(status, { 'content-type': 'text/html' }).end(body);
}

function reset(exchange: Exchange, request: IncomingMessage): void {
  end(exchange, 'refused');
  request.socket.resetAndDestroy();
}

function end({ scene, entry }: Exchange, outcome: LedgerCall['outcome'], status = 0): void {
  entry.outcome = outcome;
  entry.status = status;
  entry.ended_at = scene.clock.now();
  ring(scene.bell);
}
