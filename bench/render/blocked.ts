export interface Blocked {
  /** Longest time between two turns of the event loop, ms: by the clock, and of it what this thread was working. */
  readonly wall: number;
  readonly cpu: number;
  /** The whole work, ms. */
  readonly total: number;
}

/** How long nothing else goes on while this is done. */
export async function longestBlock(work: () => Promise<unknown>): Promise<Blocked> {
  let wall = 0;
  let cpu = 0;
  let at = performance.now();
  let used = threadMs();
  let going = true;
  const turn = () => {
    const now = { at: performance.now(), used: threadMs() };
    wall = Math.max(wall, now.at - at);
    cpu = Math.max(cpu, now.used - used);
    ({ at, used } = now);
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  const began = performance.now();
  await work();
  const total = performance.now() - began;
  // The turn that sees the last piece of work.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  going = false;
  return { wall, cpu, total };
}

/** What this thread has worked so far. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
