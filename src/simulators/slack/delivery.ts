import { ring } from '../shared/bell.ts';
import type { LedgerAttempt, LedgerEvent } from './ledger.ts';
import type { Outlet } from './outlet.ts';
import { pushRequest } from './request-url.ts';
import type { Scene } from './scene.ts';
import type { App } from './world.ts';

/** One event on its way to one app, over as many attempts as it takes. */
interface Carriage {
  readonly scene: Scene;
  readonly app: App;
  readonly entry: LedgerEvent;
  /** The outer event as JSON. */
  readonly body: string;
  retry: number;
  /** Attempts are not worth more: the receiver asked for no retries. */
  stopped: boolean;
}

type Result = Exclude<LedgerAttempt['outcome'], 'running'>;

export function deliver(scene: Scene, app: App, entry: LedgerEvent, body: string): void {
  attempt({ scene, app, entry, body, retry: scene.settings.firstRetry, stopped: false }, undefined);
}

function attempt(carriage: Carriage, reason: Result | undefined): void {
  const { scene, app, entry } = carriage;
  // Socket Mode on: nothing goes over HTTP [S2].
  const outlet = app.socketMode ? nextOutlet(scene, app) : undefined;
  const note: LedgerAttempt = {
    transport: app.socketMode ? 'socket' : 'http',
    retry: carriage.retry,
    reason: carriage.retry > 0 ? (reason ?? 'http_timeout') : undefined,
    at: scene.clock.now(),
    socket_id: outlet?.entry.id,
    outcome: 'running',
  };
  entry.attempts.push(note);
  scene.ledger.counts.deliveries++;
  if (outlet) overSocket(carriage, note, outlet);
  else if (!app.socketMode && app.requestUrl !== undefined) void overHttp(carriage, note, app.requestUrl);
  else end(carriage, note, 'connection_failed');
}

/** Any one of the app's sockets, in turn [S2]. */
function nextOutlet(scene: Scene, app: App): Outlet | undefined {
  const own = [...scene.outlets].filter((it) => it.appId === app.id);
  const turn = scene.turns.get(app.id) ?? 0;
  scene.turns.set(app.id, turn + 1);
  return own[turn % own.length];
}

function overSocket(carriage: Carriage, note: LedgerAttempt, outlet: Outlet): void {
  const { scene, body } = carriage;
  const id = crypto.randomUUID();
  const frame = JSON.stringify({
    envelope_id: id,
    payload: JSON.parse(body) as unknown,
    type: 'events_api',
    accepts_response_payload: false,
    retry_attempt: note.retry,
    retry_reason: note.reason ?? '',
  });
  const over = (result: Result) => {
    if (note.outcome !== 'running') return;
    cancel();
    outlet.forget(id);
    end(carriage, note, result);
  };
  const cancel = scene.clock.after(scene.settings.ackTime, () => over('http_timeout'));
  outlet.deliver({ id, frame, acked: () => over('acked'), dropped: () => over('connection_failed') });
  ring(scene.bell);
}

async function overHttp(carriage: Carriage, note: LedgerAttempt, url: string): Promise<void> {
  const { scene, app, body } = carriage;
  const retry = note.retry > 0 ? { number: note.retry, reason: note.reason ?? 'http_timeout' } : undefined;
  const answer = await pushRequest(scene, app, url, body, retry);
  if (scene.ended.signal.aborted) return;
  note.status = answer.status;
  if (answer.noRetry) carriage.stopped = true;
  end(carriage, note, answer.result);
}

function end(carriage: Carriage, note: LedgerAttempt, result: Result): void {
  const { scene, entry } = carriage;
  const { retries, deliverTimes } = scene.settings;
  const now = scene.clock.now();
  note.outcome = result;
  note.latency_ms = now - note.at;
  if (result === 'acked') {
    entry.acked_at ??= now;
    entry.outcome = 'acked';
  }
  const wait = retries[carriage.retry];
  const isWanted = result === 'acked' ? entry.attempts.length < deliverTimes : !carriage.stopped;
  if (isWanted && wait !== undefined) {
    carriage.retry++;
    // Never in the same breath: a receiver that closes its socket would be met by its own next envelope.
    scene.clock.after(wait, () => attempt(carriage, result === 'acked' ? undefined : result));
  } else if (entry.outcome === 'pending') entry.outcome = 'lost';
  ring(scene.bell);
}
