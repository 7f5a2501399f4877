import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { createKey } from '../../src/keys.ts';
import { type Client, createClient, makeReplr } from '../../test/support/client.ts';
import type { HolderActions, Subject } from './holder.ts';
import type { memoryActions } from './memory.ts';
import { Remote, startRemote } from './remote.ts';
import type { WorldBot } from './world.ts';

export const subjectNames = ['server', 'connector', 'raw'] as const;
export type SubjectName = (typeof subjectNames)[number];

const API_KEY = `sk_live_${'b'.repeat(32)}`;
/** The API takes no more requests of one key in a minute than 600: each of these connects so many bots at most. */
const BOTS_PER_KEY = 500;
/** So many are being connected at once. */
const ABREAST = 10;

const START = fileURLToPath(new URL('../../bin/start.mjs', import.meta.url));
const AHEAD = new URL('./measured-server.ts', import.meta.url).href;

/** `most`: bots that it will have to hold. */
export function startSubject(name: SubjectName, url: string, most: number): Promise<Subject> {
  if (name === 'server') return startServer(url, most);
  return Promise.resolve(holder(name === 'raw' ? './raw-bots.ts' : './connector-bots.ts', url));
}

async function slices(bots: readonly WorldBot[], each: (slice: readonly WorldBot[]) => Promise<unknown>) {
  for (let at = 0; at < bots.length; at += ABREAST) await each(bots.slice(at, at + ABREAST));
}

function holder(program: string, url: string): Subject {
  const remote = startRemote<HolderActions>(program);
  return {
    // It obeys more than is asked of every subject.
    remote: remote as unknown as Remote<typeof memoryActions>,
    open: (bots) => slices(bots, (slice) => remote.ask('open', { url, bots: slice })),
    heard: () => remote.ask('heard'),
    stop: () => remote.end(),
  };
}

/** The server as an operator starts it, its bots connected by its own API. */
async function startServer(apiUrl: string, most: number): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'replr-bench-'));
  const { PATH, HOME, TMPDIR } = process.env;
  const env = {
    ...{ PATH, HOME, TMPDIR, PORT: '0', LOG_LEVEL: 'info' },
    DISCORD_API_URL: apiUrl,
    REPLR_API_KEY: API_KEY,
    REPLR_DATA_DIR: join(folder, 'data'),
    REPLR_SECRET_KEY: randomBytes(32).toString('base64'),
    REPLR_MODEL: 'builtin/echo',
  };
  const keys = [API_KEY];
  while (keys.length * BOTS_PER_KEY < most) {
    const user = `owner ${keys.length + 1}`;
    keys.push(await createKey(readConfig(env, [{ platform: 'discord' }]), silentLog, user));
  }
  const argv = ['--expose-gc', '--import', AHEAD, START, 'serve'];
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const remote = new Remote<typeof memoryActions>(child);
  const stop = async () => {
    child.kill('SIGTERM');
    const how = await remote.exited;
    await rm(folder, { recursive: true, force: true });
    if (how !== 0) throw new Error(`the server ended with ${how}`);
  };
  try {
    const url = await listening(remote);
    const owners: Owner[] = [];
    for (const key of keys) {
      const client = createClient(url, key);
      owners.push({ client, replrId: await makeReplr(client) });
    }
    let connected = 0;
    const next = () => owners[Math.floor(connected++ / BOTS_PER_KEY)] as Owner;
    return {
      remote,
      open: (bots) => slices(bots, (slice) => Promise.all(slice.map((bot) => connect(next(), bot)))),
      heard: async () => (await Promise.all(owners.map(({ client }) => countHeard(client)))).reduce((a, b) => a + b, 0),
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Where its API is, once it says so. */
function listening(remote: Remote<typeof memoryActions>): Promise<string> {
  return new Promise((resolve, reject) => {
    if (remote.child.stdout) {
      // Read to the end, or the server would wait for room.
      createInterface({ input: remote.child.stdout }).on('line', (line) => {
        if (line.includes('"event":"listening"')) resolve((JSON.parse(line) as { url: string }).url);
      });
    }
    void remote.exited.then((how) => reject(new Error(`the server ended with ${how} before it listened`)));
  });
}

interface Owner {
  readonly client: Client;
  readonly replrId: string;
}

async function connect({ client, replrId }: Owner, { token, guildId, channelId }: WorldBot): Promise<void> {
  const body = { replr_id: replrId, bot_token: token, guild_id: guildId, channel_ids: [channelId] };
  const made = await client.post('/v1/integrations/discord', body);
  if (made.status !== 201) throw new Error(`connect: ${made.status} ${JSON.stringify(made.body)}`);
}

async function countHeard(client: Client): Promise<number> {
  let heard = 0;
  for (let offset = 0; ; ) {
    const page: readonly { message_count: number }[] = (
      await client.get(`/v1/integrations?limit=1000&offset=${offset}`)
    ).body.data;
    if (page.length === 0) return heard;
    heard += page.filter(({ message_count }) => message_count > 0).length;
    offset += page.length;
  }
}
