import type { SharedPort } from '../../core/connector.ts';
import type { Intake, Listener } from '../../core/hook.ts';
import { backlogOf, type Spot } from './backlog.ts';
import { addresseeOf, eventIntake } from './events.ts';
import { Introductions } from './introductions.ts';
import { knownName } from './names.ts';
import { PUSHED } from './push.ts';
import type { Connection, ConnectionOwner, Envelope } from './socket.ts';
import { isTs } from './ts.ts';
import { isObject, type WireOuter } from './wire.ts';

/** A message that speaks of somebody for the first time waits so long for the name, ms: far less than the platform waits. */
const NAME_MS = 400;
/** What came before it, and was not pushed, may be read and answered first for so long after it has come, ms: the platform waits 3 s. */
const ORDER_MS = 2_000;

/**
 * Hands envelopes to the bots they concern and acknowledges each once it is stored [S2]. Those of one channel go one after
 * another, whichever connection brings them, so that their order holds; channels go side by side.
 */
export function deliveries(port: SharedPort, failed: () => void, signal: AbortSignal) {
  const introductions = new Introductions(port, signal);
  /** The last envelope of each channel that is not done with. */
  const lanes = new Map<string, Promise<void>>();

  /** Hands it to all whom it concerns but those that are to wait, who come back. */
  async function take(outer: WireOuter, waits: (identity: string) => boolean): Promise<readonly string[]> {
    const waiting: string[] = [];
    await port.deliver(addresseeOf(outer), (listener) => {
      const { identity } = listener.bot;
      introductions.expect(listener);
      const intake = intakeOf(outer, listener, port.clock.now());
      if (!waits(identity)) return intake;
      waiting.push(identity);
      return undefined;
    });
    return waiting;
  }

  /** Resolves when none of them has older messages to read there, or too much time has passed. */
  async function caughtUp(identities: readonly string[], spot: Spot, until: number): Promise<void> {
    const done = new AbortController();
    const reading = Promise.all(identities.map((identity) => backlogOf(identity, port.clock)?.read(spot)));
    await Promise.race([reading, port.clock.sleep(Math.max(0, until - port.clock.elapsed()), done.signal)]);
    done.abort();
  }

  async function deliver(connection: Connection, envelope: Envelope, cameAt: number): Promise<void> {
    // What an ended connection brought comes again, and before what came after it.
    if (connection.over) return;
    const outer = envelope.payload as WireOuter;
    const spot = spotOf(outer);
    const until = cameAt + ORDER_MS;
    const isBehind = (identity: string) =>
      spot !== undefined && port.clock.elapsed() < until && backlogOf(identity, port.clock)?.unread(spot) === true;
    try {
      const waiting = await take(outer, (identity) => introductions.wants(identity) || isBehind(identity));
      if (waiting.length > 0) {
        await Promise.all([
          introductions.meet(waiting, NAME_MS),
          spot && caughtUp(waiting.filter(isBehind), spot, until),
        ]);
        await take(outer, () => false);
      }
    } catch {
      return failed();
    }
    connection.done(envelope);
  }

  const owner: ConnectionOwner & { settled(): Promise<void> } = {
    envelope: (connection, envelope) => {
      if (envelope.type !== 'events_api') return connection.done(envelope);
      const lane = laneOf(envelope.payload);
      const before = lanes.get(lane) ?? Promise.resolve();
      const cameAt = port.clock.elapsed();
      const done = before.then(() => deliver(connection, envelope, cameAt));
      lanes.set(lane, done);
      void done.then(() => {
        if (lanes.get(lane) === done) lanes.delete(lane);
      });
    },
    settled: async () => {
      await Promise.all(lanes.values());
      await introductions.end();
    },
  };
  return owner;
}

/** As for any event, and the sign that the socket brings them: whoever reads history can tell by it that one was missed. */
function intakeOf(outer: WireOuter, listener: Listener, now: number): Intake | undefined {
  const intake = eventIntake(outer, listener, now, (id) => knownName(listener.bot.identity, id));
  const newest = Math.max(...(intake?.messages ?? []).map(({ sentAt }) => sentAt));
  if (!intake || !(newest > Number(listener.cursors.get(PUSHED) ?? 0))) return intake;
  return { ...intake, cursors: [...intake.cursors, { name: PUSHED, value: String(newest) }] };
}

function spotOf({ event }: WireOuter): Spot | undefined {
  if (!isObject(event) || typeof event.channel !== 'string') return undefined;
  const { channel, thread_ts: root } = event;
  return { channel, ...(isTs(root) && { root }) };
}

function laneOf({ team_id: team, event }: Readonly<Record<string, unknown>>): string {
  return `${String(team)}/${isObject(event) ? String(event['channel']) : ''}`;
}
