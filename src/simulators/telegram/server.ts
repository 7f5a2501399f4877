import type { IncomingMessage, ServerResponse } from 'node:http';
import { ring } from '../shared/bell.ts';
import { createListener, type Listener, type ServeControl } from '../shared/listener.ts';
import type { Call } from './call.ts';
import { type Fault, latencyOf, takeFault } from './faults.ts';
import { type LedgerCall, record } from './ledger.ts';
import { checkPatience, noteWait } from './limits.ts';
import { methodNotFound, methods } from './methods.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import { inspect, isElsewhere, methodNamed } from './validate.ts';

/** The server only asks for a colon; hosted, anything else than this shape is "Not Found" (platforms.md §2.1). */
const tokenShape = /^[0-9]{5,16}:[A-Za-z0-9_-]{35}$/;

/** The Bot API and the control API on one port. */
export function createBotApiServer(scene: Scene, control: ServeControl): Listener {
  const api = new BotApi(scene);
  return createListener((request, response) => api.serve(request, response), control);
}

class BotApi {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    const { faults, ledger, limits, clock, bell } = this.#scene;
    const mark = target.indexOf('?');
    const [path, query] = mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
    const [, token = '', method = ''] = /^\/bot([^/]+)\/([^/]+)\/?$/.exec(path) ?? [];
    const botId = Number.parseInt(token, 10);
    const entry: LedgerCall = {
      method: methodNamed(method) ?? method,
      bot_id: Number.isNaN(botId) ? undefined : botId,
      at: clock.now(),
      parameters: {},
      status: 0,
      outcome: 'running',
    };
    record(ledger, ledger.calls, entry);
    ledger.counts.calls++;
    if (faults.down || takeFault(faults, { method, botId }, true)) {
      this.#end(entry, 'refused');
      request.socket.resetAndDestroy();
      return;
    }
    // A client that gives up while the answer is on its way never learns what became of its call.
    let left = () => {};
    let call: Call | undefined;
    response.on('close', () => {
      if (response.writableFinished) return;
      if (entry.outcome === 'running') this.#end(entry, 'left');
      this.#ambiguous(call);
      left();
    });
    const parameters = await readParameters(request, query);
    Object.assign(entry, { parameters: Object.fromEntries(parameters.values) });
    const chatId = parameters.values.get('chat_id');
    if (chatId !== undefined && !/^get/i.test(method)) checkPatience(limits, ledger, botId, chatId, clock.now());
    const fault = takeFault(faults, { method, botId, chatId }, false);
    if (fault?.kind === 'hang') {
      this.#end(entry, 'hung');
      return;
    }
    if (fault?.kind === 'error') return this.#answerFault(response, entry, fault);
    let status = 200;
    let body: unknown;
    try {
      const handler = this.#find(token, method, parameters, entry);
      call = { ...handler.call, onLeave: (action) => (left = action) };
      if (response.destroyed) return;
      const outcome = handler.run(call);
      // Not even a turn of the event loop between what was made visible and the start of the latency.
      body = { ok: true, result: outcome instanceof Promise ? await outcome : outcome };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, `Internal Server Error: ${error}`);
      status = refusal.status;
      entry.description = refusal.description;
      body = refusalBody(refusal);
    }
    if (fault) {
      this.#end(entry, fault.kind === 'drop' ? 'dropped' : 'hung');
      this.#ambiguous(call);
      if (fault.kind === 'drop') request.socket.resetAndDestroy();
      return;
    }
    const latency = latencyOf(faults, method);
    if (latency > 0) await new Promise<void>((resolve) => clock.after(latency, resolve));
    if (response.destroyed) return;
    entry.status = status;
    this.#end(entry, 'answered');
    answer(response, status, JSON.stringify(body), retryAfter(body));
    ring(bell);
  }

  #find(token: string, method: string, parameters: Parameters, entry: LedgerCall) {
    const { ledger, world } = this.#scene;
    if (method === '' || !tokenShape.test(token)) throw new Refusal(404, 'Not Found');
    const bot = world.tokens.get(token);
    if (!bot) {
      ledger.counts.unauthorized++;
      throw new Refusal(401, 'Unauthorized');
    }
    const name = methodNamed(method);
    const run = name === undefined ? undefined : methods[name];
    if (!run) {
      if (isElsewhere(method)) ledger.counts.unsupported_methods++;
      throw methodNotFound();
    }
    if (parameters.malformed) ledger.counts.malformed_bodies++;
    const laxity = inspect(method, parameters.values, parameters.json);
    ledger.counts.unknown_parameters += laxity.unknown;
    ledger.counts.type_mismatches += laxity.mistyped;
    return { run, call: { scene: this.#scene, bot, parameters: parameters.values, files: parameters.files, entry } };
  }

  #answerFault(response: ServerResponse, entry: LedgerCall, fault: Fault & { kind: 'error' }): void {
    const { ledger, limits, clock } = this.#scene;
    const { status, description = `Error ${status}`, parameters, body } = fault;
    const retry = parameters?.['retry_after'];
    const chatId = Number(entry.parameters['chat_id']);
    if (typeof retry === 'number' && entry.bot_id !== undefined) {
      noteWait(limits, ledger, entry.bot_id, chatId, retry, clock.now());
    }
    entry.status = status;
    entry.description = description;
    this.#end(entry, 'answered');
    const json = JSON.stringify(refusalBody(new Refusal(status, description, parameters)));
    answer(response, status, body ?? json, retry, body === undefined ? 'application/json' : 'text/html');
  }

  #ambiguous(call: Call | undefined): void {
    if (!call?.made || call.made.ambiguous) return;
    call.made.ambiguous = true;
    this.#scene.ledger.counts.ambiguous++;
    ring(this.#scene.bell);
  }

  #end(entry: LedgerCall, outcome: LedgerCall['outcome']): void {
    entry.outcome = outcome;
    entry.ended_at = this.#scene.clock.now();
    ring(this.#scene.bell);
  }
}

function refusalBody(refusal: Refusal): Record<string, unknown> {
  const { status, description, parameters } = refusal;
  return { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) };
}

function retryAfter(body: unknown): unknown {
  return (body as { parameters?: { retry_after?: unknown } }).parameters?.retry_after;
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  retryAfter?: unknown,
  type = 'application/json',
): void {
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  };
  if (typeof retryAfter === 'number') headers['retry-after'] = retryAfter;
  response.writeHead(status, headers).end(body);
}
