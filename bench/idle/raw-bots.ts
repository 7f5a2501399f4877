/**
 * The least that a bot which only listens needs: one `ws` connection that identifies, one heartbeat timer for all,
 * every frame parsed, nothing kept of it. A program of its own.
 */
import WebSocket from 'ws';
import type { HolderActions } from './holder.ts';
import { memoryActions } from './memory.ts';
import { obey } from './remote.ts';

interface Frame {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: { readonly heartbeat_interval?: number } | null;
}

/** GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT. */
const INTENTS = (1 << 0) | (1 << 9) | (1 << 15);
const PROPERTIES = { os: 'linux', browser: 'raw', device: 'raw' };

const sockets: WebSocket[] = [];
/** The last sequence of each socket. */
const sequences: (number | null)[] = [];
const heard = new Set<number>();
let beating = false;

function beat(): void {
  for (const [index, socket] of sockets.entries()) socket.send(JSON.stringify({ op: 1, d: sequences[index] ?? null }));
}

function open(url: string, token: string): Promise<void> {
  const index = sockets.length;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    // A link that ends is not come back to: what is missing then shows in the floor of work.
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('message', (data: Buffer) => {
      const { op, t, s, d } = JSON.parse(data.toString()) as Frame;
      if (s !== null) sequences[index] = s;
      if (op === 10) {
        if (!beating) setInterval(beat, d?.heartbeat_interval);
        beating = true;
        socket.send(JSON.stringify({ op: 2, d: { token, intents: INTENTS, properties: PROPERTIES } }));
      } else if (t === 'READY') resolve();
      else if (t === 'MESSAGE_CREATE') heard.add(index);
    });
  });
}

const actions: HolderActions = {
  ...memoryActions,
  open: async ({ url, bots }) => {
    const gateway = `${url.replace('http:', 'ws:')}/gateway?v=10&encoding=json`;
    await Promise.all(bots.map(({ token }) => open(gateway, token)));
  },
  heard: () => heard.size,
};

obey(actions);
