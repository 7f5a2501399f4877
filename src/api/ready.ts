import type { ApiDeps } from './endpoint.ts';

/** A store that hangs is as little use as one that fails. */
const DEADLINE_MS = 2_000;

export async function isReady({ store, ready, clock, log }: ApiDeps): Promise<boolean> {
  const deadline = new AbortController();
  const check = async (): Promise<boolean> => {
    try {
      await store.ping();
      return (await ready?.()) ?? true;
    } catch (error) {
      log.warn('not_ready', { error });
      return false;
    }
  };
  const late = clock.sleep(DEADLINE_MS, deadline.signal).then(() => false);
  const answer = await Promise.race([check(), late]);
  deadline.abort();
  return answer;
}
