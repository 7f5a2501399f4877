import { connect, createServer, type Socket } from 'node:net';

/** What stands before the servers in production: one address, whichever of them lives. */
export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

/** `targets`: URLs of the servers that listen now. A connection to one that just died breaks, as it would there. */
export async function openFront(targets: () => readonly string[]): Promise<Front> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((outside) => {
    const alive = targets();
    const target = alive[turn++ % alive.length];
    if (target === undefined) return void outside.resetAndDestroy();
    const { hostname, port } = new URL(target);
    const inside = connect({ host: hostname, port: Number(port) });
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
