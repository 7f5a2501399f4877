/** Lets a limited number through at a time, first come, first served. */
export interface Gate {
  /** Resolves when there is room, or when the signal aborts. Call what it returns when done, once or more. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createGate(room: number): Gate {
  const waiting = new Set<() => void>();
  let free = room;
  const leave = () => {
    free += 1;
    const [next] = waiting;
    next?.();
  };
  const once = (action: () => void) => {
    let done = false;
    return () => {
      if (!done) action();
      done = true;
    };
  };
  return {
    enter: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(() => {});
        const go = () => {
          waiting.delete(go);
          signal.removeEventListener('abort', give);
          free -= 1;
          resolve(once(leave));
        };
        const give = () => {
          waiting.delete(go);
          resolve(() => {});
        };
        if (free > 0) return go();
        waiting.add(go);
        signal.addEventListener('abort', give, { once: true });
      }),
  };
}
