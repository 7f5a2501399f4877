import pg from 'pg';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';

export interface ListenerPort {
  readonly config: pg.ClientConfig;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

const RECONNECT = { baseMs: 500, capMs: 15_000 };

/**
 * Hears what is notified on a channel, on a connection of its own that comes back after a loss. What was said meanwhile
 * is lost: whoever listens must look by themselves from time to time. Returns, once heard or once tried, the stop.
 */
export async function listen(
  channel: string,
  heard: (payload: string) => void,
  { config, clock, random, log }: ListenerPort,
): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let tried = () => {};
  const firstTry = new Promise<void>((resolve) => {
    tried = resolve;
  });

  const loop = async () => {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      if (attempt > 0) await clock.sleep(backoffMs(attempt, RECONNECT, random), stop.signal);
      if (stop.signal.aborted) return;
      const client = new pg.Client(config);
      const lost = new Promise<void>((resolve) => {
        client.on('error', () => resolve());
        client.on('end', () => resolve());
      });
      try {
        await client.connect();
        client.on('notification', ({ payload }) => payload && heard(payload));
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
        attempt = 0;
        tried();
        await Promise.race([lost, stopped]);
        if (!stop.signal.aborted) log.warn('store_listener_lost');
      } catch (error) {
        log.warn('store_listener_failed', { message: error instanceof Error ? error.message : String(error) });
      } finally {
        tried();
        client.end().catch(() => {});
      }
    }
  };
  const looping = loop();
  await firstTry;
  return async () => {
    stop.abort();
    await looping;
  };
}
