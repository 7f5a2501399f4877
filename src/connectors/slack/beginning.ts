import type { Beginning, BeginningState, PlatformPort } from '../../core/connector.ts';
import type { Credential, Settings } from '../../core/integration.ts';
import type { Cursor } from '../../core/message.ts';
import { CURSOR, channelsOf, DIRECT, threadOf, wantsDirect } from './places.ts';
import { budgetOf, type ReadMethod } from './schedule.ts';
import { compareTs, newestTs } from './ts.ts';
import { Refused, refusal } from './verdict.ts';
import { createApi, type Method, objectsIn, type Reply } from './wire.ts';

/** For all calls together: somebody waits for the answer. */
const DEADLINE_MS = 10_000;
/** So many channels and so many threads are asked for; the budget of a minute [S3] is also what listening begins with. */
const MOST = 20;
const AT_ONCE = 5;

/** Before everything that could have been posted. */
const BEFORE_ALL = '0.000000';

type Ask = (method: Method, args: Readonly<Record<string, unknown>>) => Promise<Reply>;

/**
 * Reads where each channel that begins stands now, and each thread in it that the bot takes part in. What cannot be read
 * (too many, too often, no longer a member) begins at the platform's time, which is known to the second only.
 */
export async function beginning(
  credential: Credential,
  settings: Settings,
  port: PlatformPort,
  { known, before }: BeginningState,
): Promise<Beginning> {
  const token = credential['bot_token'] ?? '';
  const api = createApi(token, port);
  const budget = budgetOf(token, port.clock);
  if (known.size === 0) budget.isNew();
  const end = port.clock.elapsed() + DEADLINE_MS;
  /** Nobody else's clock counts: time stamps are made by the platform's. */
  let time: string | undefined;
  let limited = false;
  const ask: Ask = async (method, args) => {
    if (isReading(method)) budget.saw(method);
    const reply = await api(method, args, { timeoutMs: Math.max(1, end - port.clock.elapsed()) });
    if (reply.kind === 'ok' || reply.kind === 'limited') time = timeOf(reply.headers) ?? time;
    if (reply.kind === 'limited') limited = true;
    if (reply.kind === 'limited' && isReading(method)) budget.limited(method, reply.afterMs);
    if (reply.kind === 'unauthorized' || reply.kind === 'failed') throw new Refused(refusal(reply));
    return reply;
  };
  const old = before ? channelsOf(before) : [];
  const channels = channelsOf(settings).filter((id) => !old.includes(id));
  const threads = threadsIn(known, channels);
  const direct = wantsDirect(settings) && !(before && wantsDirect(before));
  const positions = new Map<string, string | null | undefined>();
  try {
    await inTurns(channels.slice(0, MOST), async (channel) => {
      if (!limited) positions.set(channel, await newestIn(channel, ask));
    });
    limited = false;
    await inTurns(threads.slice(0, MOST), async (thread) => {
      if (!limited) positions.set(thread.name, await newestReply(thread, ask));
    });
    const unread = [...channels, ...threads.map(({ name }) => name)].some((name) => positions.get(name) === undefined);
    if ((direct || unread) && time === undefined) await ask('auth.test', {});
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    throw error;
  }
  const now = time ?? secondOf(port.clock.now());
  const at = (name: string) => {
    const position = positions.get(name);
    return position === undefined ? now : position;
  };
  const cursors: Cursor[] = [
    ...channels.flatMap((id) => [
      { name: CURSOR.channel(id), value: at(id) },
      { name: CURSOR.floorOf(id), value: at(id) },
    ]),
    ...threads.map(({ name }) => ({ name, value: at(name) })),
    ...(direct ? [{ name: CURSOR.floorOf(DIRECT), value: now }] : []),
  ];
  return { ok: true, cursors };
}

function isReading(method: Method): method is ReadMethod {
  return method === 'conversations.history' || method === 'conversations.replies';
}

interface Thread {
  readonly name: string;
  readonly channel: string;
  readonly root: string;
  readonly position: string;
}

/** The newest first. */
function threadsIn(known: ReadonlyMap<string, string>, channels: readonly string[]): Thread[] {
  const threads = [...known].flatMap(([name, position]) => {
    const thread = threadOf(name);
    return thread && channels.includes(thread.channel) ? [{ name, position, ...thread }] : [];
  });
  return threads.toSorted((a, b) => compareTs(b.position, a.position));
}

/** Undefined when it cannot be read. */
async function newestIn(channel: string, ask: Ask): Promise<string | undefined> {
  const reply = await ask('conversations.history', { channel, limit: 1 });
  if (reply.kind !== 'ok') return undefined;
  return newestTs(...objectsIn(reply.body, 'messages').map(({ ts }) => String(ts))) ?? BEFORE_ALL;
}

/** The first message of a thread names its last one. `null` when the thread is no more. */
async function newestReply({ channel, root, position }: Thread, ask: Ask): Promise<string | null | undefined> {
  const reply = await ask('conversations.replies', { channel, ts: root, limit: 1 });
  if (reply.kind === 'refused') return reply.error === 'thread_not_found' ? null : undefined;
  if (reply.kind !== 'ok') return undefined;
  const stamps = objectsIn(reply.body, 'messages').flatMap((one) => [String(one['ts']), String(one['latest_reply'])]);
  return newestTs(position, ...stamps);
}

function timeOf(headers: Headers): string | undefined {
  const time = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(time) ? undefined : secondOf(time);
}

function secondOf(ms: number): string {
  return `${Math.floor(ms / 1000)}.000000`;
}

async function inTurns<T>(list: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < list.length; at += AT_ONCE) await Promise.all(list.slice(at, at + AT_ONCE).map(act));
}
