import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** What the line does with all that passes, from the moment it is told until it is told something else. */
export type Line =
  | { readonly kind: 'clear' }
  /** Every byte, and every end, takes this long in each direction. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Tears down what is open, and whatever is opened. */
  | { readonly kind: 'reset' }
  /** Nothing passes. It is not lost either: as TCP repeats itself, it passes once the line is better. */
  | { readonly kind: 'black_hole' }
  /**
   * What is open stays open and dead for good: each end believes in the other until the client leaves. So does what is
   * opened meanwhile.
   */
  | { readonly kind: 'half_open' }
  /** Bytes pass at once; that a side has closed, the other learns so much later. */
  | { readonly kind: 'slow_close'; readonly ms: number }
  /** So many more bytes of each answer pass, then its connection ends in good order. */
  | { readonly kind: 'truncated'; readonly bytes: number }
  /** The answers arrive, in length only. */
  | { readonly kind: 'garbage' };

/** A TCP proxy in this process, between a client and a server that know nothing of it. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that a client holds open here, dead ones included. */
  readonly open: number;
  /** Connections that were ever opened here. */
  readonly opened: number;
  become(line: Line): void;
  /** Ends it and every connection. */
  close(): Promise<void>;
}

/** The state of the line, as its connections see it. */
interface Weather {
  line: Line;
  readonly pairs: Set<Pair>;
}

type Passing = { readonly due: number; readonly bytes?: Buffer };

export async function startTcpProxy(target: NetConnectOpts): Promise<TcpProxy> {
  const weather: Weather = { line: { kind: 'clear' }, pairs: new Set() };
  let opened = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    opened += 1;
    client.on('error', () => {});
    if (weather.line.kind === 'reset') return tearDown(client);
    weather.pairs.add(new Pair(client, target, weather));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get open() {
      return weather.pairs.size;
    },
    get opened() {
      return opened;
    },
    become(line) {
      weather.line = line;
      for (const pair of [...weather.pairs]) pair.changed();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of [...weather.pairs]) pair.tear();
      await closed;
    },
  };
}

/** One connection of a client, and ours to the server for it. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #ways: readonly Way[];
  readonly #weather: Weather;

  constructor(client: Socket, target: NetConnectOpts, weather: Weather) {
    this.#client = client;
    this.#weather = weather;
    this.#server = connect({ ...target, allowHalfOpen: true });
    const there = new Way(client, this.#server, weather, false);
    const back = new Way(this.#server, client, weather, true);
    this.#ways = [there, back];
    for (const [socket, way] of [
      [client, there],
      [this.#server, back],
    ] as const) {
      socket.on('error', () => this.#broken(way));
      // On a dead line nobody waits for the other side to close as well.
      socket.on('end', () => way.dead && socket.destroy());
      socket.on('close', () => this.#closed());
    }
    this.changed();
  }

  changed(): void {
    const { kind } = this.#weather.line;
    if (kind === 'reset') this.tear();
    for (const way of this.#ways) {
      if (kind === 'half_open') way.dead = true;
      way.pump();
    }
  }

  tear(): void {
    tearDown(this.#client);
    tearDown(this.#server);
    this.#weather.pairs.delete(this);
  }

  /** One side broke off: on a line that carries nothing, the other cannot know. */
  #broken(way: Way): void {
    if (!way.dead && this.#weather.line.kind !== 'black_hole') this.tear();
  }

  #closed(): void {
    if (this.#client.destroyed && this.#server.destroyed) this.#weather.pairs.delete(this);
    // The server would learn it by some sign of life of its own that is not answered.
    else if (this.#client.destroyed && this.#ways.some((way) => way.dead)) this.tear();
  }
}

/** One direction of a connection. */
class Way {
  dead = false;
  readonly #to: Socket;
  readonly #weather: Weather;
  /** Towards the client: answers are what is cut or spoilt. */
  readonly #back: boolean;
  readonly #passing: Passing[] = [];
  #timer: NodeJS.Timeout | undefined;
  #left: number | undefined;

  constructor(from: Socket, to: Socket, weather: Weather, back: boolean) {
    this.#to = to;
    this.#weather = weather;
    this.#back = back;
    from.on('data', (bytes: Buffer) => this.#take({ due: Date.now() + this.#delay(false), bytes }));
    from.on('end', () => this.#take({ due: Date.now() + this.#delay(true) }));
  }

  pump(): void {
    clearTimeout(this.#timer);
    if (this.#weather.line.kind !== 'truncated') this.#left = undefined;
    while (!this.dead && this.#weather.line.kind !== 'black_hole') {
      const [next] = this.#passing;
      if (!next) return;
      const wait = next.due - Date.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#passing.shift();
      this.#pass(next.bytes);
    }
  }

  #take(passing: Passing): void {
    if (this.dead) return;
    this.#passing.push(passing);
    this.pump();
  }

  #delay(end: boolean): number {
    const { line } = this.#weather;
    if (line.kind === 'latency' || (line.kind === 'slow_close' && end)) return line.ms;
    return 0;
  }

  #pass(bytes: Buffer | undefined): void {
    if (!this.#to.writable) return;
    if (!bytes) return void this.#to.end();
    const { line } = this.#weather;
    if (this.#back && line.kind === 'garbage') return void this.#to.write(Buffer.alloc(bytes.length, 0xc3));
    if (!this.#back || line.kind !== 'truncated') return void this.#to.write(bytes);
    this.#left ??= line.bytes;
    const piece = bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    if (this.#left > 0) return void this.#to.write(piece);
    this.#to.end(piece);
  }
}

/** What is no TCP has no reset: behind the proxy there may be a socket of this machine's own. */
function tearDown(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
