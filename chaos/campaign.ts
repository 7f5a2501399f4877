import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../sim/world/random.ts';
import { createClient, makeReplr } from '../test/support/client.ts';
import { API_KEY } from '../test/support/server-env.ts';
import type { StoreKind, StorePlace } from '../test/support/stores.ts';
import { wideLimits, wideUserLimits } from '../test/support/wide-limits.ts';
import { type Front, openFront } from './front.ts';
import { Load } from './load.ts';
import { type How, Nodes } from './nodes.ts';
import { type Platform, question } from './platform.ts';
import { discord } from './platforms/discord.ts';
import { slack } from './platforms/slack.ts';
import { telegram } from './platforms/telegram.ts';
import { openStored } from './stored.ts';
import { judge, type Verdict } from './verdict.ts';

export interface CampaignOptions {
  readonly store: StoreKind;
  readonly rounds: number;
  readonly seed: number;
  /** Questions a second over all platforms. */
  readonly rate: number;
  readonly webhooks: boolean;
  /** An answer that is not there so long after the last question is lost, s. */
  readonly patience: number;
}

/** One server that was killed, asked to stop, or frozen. */
export interface Round {
  readonly round: number;
  readonly how: How;
  readonly node: number;
  /** Ms since 1970. */
  readonly at: number;
  readonly goneAt: number;
  /** Sends that the platforms were carrying out at that moment. */
  readonly sends: number;
  /** Questions asked and not answered at that moment. */
  readonly open: number;
}

export interface Campaign {
  readonly options: CampaignOptions;
  /** How long people asked, s. */
  readonly seconds: number;
  /** From the last question until all were answered, or too long, s. */
  readonly drained: number;
  readonly rounds: readonly Round[];
  readonly verdicts: readonly (Verdict & { readonly marked: number })[];
  readonly problems: readonly string[];
  /** What ledger and store know of the first questions that were lost, doubled or answered out of order. */
  readonly stories: readonly string[];
}

/** One server holds the file of SQLite. On PostgreSQL another takes over what a dead one held, once its lease is out. */
const NODES: Readonly<Record<StoreKind, number>> = { sqlite: 1, postgresql: 2 };
/** How long the servers live between two blows, ms: with leases of 10 s less would leave most bots without an owner. */
const LIFE_MS: Readonly<Record<StoreKind, readonly [number, number]>> = {
  sqlite: [200, 3_000],
  postgresql: [500, 6_000],
};
const GONE_MS = [0, 2_000] as const;
const FROZEN_MS = [1_000, 3_000] as const;
const ONLINE_WITHIN_MS = 60_000;
/** A second answer to a question would have come by then, ms. */
const LINGER_MS = 3_000;
const TOLD = 5;

export async function runCampaign(
  options: CampaignOptions,
  place: StorePlace,
  say: (line: string) => void,
): Promise<Campaign> {
  const { store, seed, rate, webhooks } = options;
  const random = createRandom(`chaos ${seed}`);
  const platforms = await Promise.all([discord, telegram, slack].map((make) => make({ rate: rate / 3, webhooks })));
  let nodes: Nodes | undefined;
  let front: Front | undefined;
  try {
    front = await openFront(() => nodes?.urls ?? []);
    const urls = platforms.map(({ env }) => env);
    const env = Object.assign({ REPLR_API_KEY: API_KEY, ...wideUserLimits }, place.env, ...urls);
    nodes = new Nodes(webhooks ? { ...env, REPLR_PUBLIC_URL: front.url } : env, NODES[store]);
    await nodes.startAll();
    await connect(nodes, platforms);
    const load = new Load(platforms, rate, random.stream('load'));
    load.start();
    const rounds = await strike(nodes, platforms, load, options, random.stream('kills'), say);
    await load.stop();
    say(`${load.asked.length} questions asked, waiting for what is open`);
    const stopped = performance.now();
    await drain(platforms, load.asked.length, options.patience);
    const drained = (performance.now() - stopped) / 1_000;
    // Who starts again must not answer again.
    await nodes.termAll();
    await nodes.startAll();
    await sleep(LINGER_MS);
    await nodes.termAll();
    return await conclude({ options, place, platforms, load, nodes, rounds, drained });
  } finally {
    await nodes?.abandon();
    await front?.close();
    await Promise.all(platforms.map((platform) => platform.close()));
  }
}

/** All bots, in turn by each server, and listened for before anybody asks. */
async function connect(nodes: Nodes, platforms: readonly Platform[]): Promise<void> {
  const clients = nodes.urls.map((url) => createClient(url, API_KEY));
  const [first] = clients;
  if (!first) throw new Error('no server');
  const replr_id = await makeReplr(first);
  const paths: string[] = [];
  for (const platform of platforms) {
    for (const bot of platform.bots) {
      const client = clients[paths.length % clients.length] ?? first;
      const made = await client.post(`/v1/integrations/${platform.name}`, {
        ...bot.connect,
        replr_id,
        limits: wideLimits,
      });
      if (made.status !== 201) throw new Error(`connect: ${made.status} ${JSON.stringify(made.body)}`);
      bot.connected?.(made.body);
      paths.push(`/v1/integrations/${made.body.id}`);
    }
  }
  const giveUp = Date.now() + ONLINE_WITHIN_MS;
  for (const path of paths) {
    while ((await first.get(path)).body.health.state !== 'connected') {
      if (Date.now() > giveUp) throw new Error(`${path} is not connected`);
      await sleep(100);
    }
  }
}

async function strike(
  nodes: Nodes,
  platforms: readonly Platform[],
  load: Load,
  { store, rounds, seed }: CampaignOptions,
  random: Random,
  say: (line: string) => void,
): Promise<Round[]> {
  const done: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    await sleep(random.between(...LIFE_MS[store]));
    const how: How = round % 10 === 3 ? 'term' : round % 10 === 6 ? 'stop' : 'kill';
    const node = random.between(0, nodes.count - 1);
    const sends = platforms.reduce((sum, platform) => sum + platform.underWay(), 0);
    const open = load.asked.length - answered(platforms);
    const at = Date.now();
    if (how === 'stop') await nodes.freeze(node, random.between(...FROZEN_MS));
    else await nodes[how](node);
    done.push({ round, how, node, at, goneAt: Date.now(), sends, open });
    if (how !== 'stop') {
      await sleep(random.between(...GONE_MS));
      await nodes.start(node);
    }
    if (round % 10 === 0) say(`${store}, seed ${seed}: round ${round}, ${load.asked.length} asked, ${open} open`);
  }
  return done;
}

const answered = (platforms: readonly Platform[]) =>
  platforms.reduce((sum, platform) => sum + new Set(platform.shown().map(({ text }) => text)).size, 0);

async function drain(platforms: readonly Platform[], expected: number, patience: number): Promise<void> {
  const giveUp = Date.now() + patience * 1_000;
  while (answered(platforms) < expected && Date.now() < giveUp) await sleep(250);
  await sleep(LINGER_MS);
}

interface Ended extends Pick<Campaign, 'options' | 'rounds' | 'drained'> {
  readonly place: StorePlace;
  readonly platforms: readonly Platform[];
  readonly load: Load;
  readonly nodes: Nodes;
}

async function conclude({ options, place, platforms, load, nodes, rounds, drained }: Ended): Promise<Campaign> {
  const deaths = rounds.filter(({ how }) => how === 'kill');
  const verdicts = await Promise.all(platforms.map((platform) => judge(platform, load.asked, deaths)));
  const stored = await openStored(place);
  try {
    const marked = await stored.marked();
    const stories: string[] = [];
    for (const [index, { lost, doubled, unexcused, unordered }] of verdicts.entries()) {
      const kinds = { lost, doubled: platforms[index]?.removesRepeats ? doubled : unexcused, unordered };
      for (const [kind, numbers] of Object.entries(kinds)) {
        for (const number of numbers.slice(0, TOLD)) {
          const asked = load.asked[number];
          const round = rounds.findLast(({ at }) => at <= (asked?.at ?? 0))?.round ?? 0;
          stories.push(
            `${verdicts[index]?.platform} ${kind}: "${question(number)}" in ${asked?.conversation}, asked at ${asked?.at} after round ${round}`,
            ...(platforms[index]?.story(number) ?? []).map((line) => `  ledger ${line}`),
            ...(await stored.story(question(number))).map((line) => `  store  ${line}`),
          );
        }
      }
    }
    return {
      options,
      seconds: load.seconds,
      drained,
      rounds,
      verdicts: verdicts.map((verdict) => ({ ...verdict, marked: marked.get(verdict.platform) ?? 0 })),
      problems: nodes.problems,
      stories,
    };
  } finally {
    await stored.close();
  }
}
