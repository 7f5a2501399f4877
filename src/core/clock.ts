/** Time comes in through this, so that tests can hold it still and a jump of the wall clock breaks no timer. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. For what people and platforms see. */
  now(): number;
  /** Never goes back, milliseconds since an arbitrary start. For durations, leases and time-outs. */
  elapsed(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. The caller looks at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
