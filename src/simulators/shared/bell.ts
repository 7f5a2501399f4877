/** Tells whoever waits that something happened. Free when nobody does. */
export interface Bell {
  /** Counts what happened, so that a waiter can tell whether it missed something. */
  version: number;
  readonly listeners: Set<() => void>;
}

export function createBell(): Bell {
  return { version: 0, listeners: new Set() };
}

export function ring(bell: Bell): void {
  bell.version++;
  for (const listener of [...bell.listeners]) listener();
}

/** Resolves with the first value that is not undefined or false; looks again whenever something happened. */
export function waitOn<T>(bell: Bell, look: () => T | undefined | false, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      bell.listeners.delete(check);
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const check = () => {
      try {
        const value = look();
        if (value === undefined || value === false) return;
        end();
        resolve(value);
      } catch (error) {
        end();
        reject(error);
      }
    };
    if (signal?.aborted) return reject(signal.reason);
    bell.listeners.add(check);
    signal?.addEventListener('abort', abort);
    check();
  });
}
