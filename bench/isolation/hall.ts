import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { type Client, createClient, makeReplr } from '../../test/support/client.ts';
import { API_KEY } from '../../test/support/server-env.ts';
import { type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { wideLimits, wideUserLimits } from '../../test/support/wide-limits.ts';
import { ALWAYS, type Crowd, question, questionIn, type Trouble } from './crowd.ts';
import { discord } from './discord.ts';
import { modelTroubles } from './models.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';

/** As many requests of the API at once. */
const ABREAST = 8;
const LOOK_MS = 20;

export interface Member {
  readonly crowd: Crowd;
  readonly seat: number;
  /** Of its integration. */
  readonly id: string;
  /** What is made to go wrong with this bot; each kind has its own. */
  readonly trouble: Trouble | undefined;
}

export interface Question {
  readonly number: number;
  readonly member: Member;
  /** Ms since 1970. */
  readonly at: number;
  /** When it was answered; more than one is a double. */
  readonly answers: number[];
  /** By somebody who is in trouble: no answer is promised. */
  readonly excused: boolean;
}

/** One server, and all the bots that it serves on three simulated platforms. */
export interface Hall {
  readonly server: ServerProcess;
  readonly crowds: readonly Crowd[];
  readonly members: readonly Member[];
  readonly questions: readonly Question[];
  ask(member: Member, excused?: boolean): Question;
  /** Reads what the platforms show by now. */
  look(): void;
  /** Resolves with those still open when there are none or the time is over; those excused do not count. */
  answered(withinMs: number): Promise<Question[]>;
  /** By integration id, as its owner's list shows it. */
  statuses(): Promise<ReadonlyMap<string, string>>;
  /** What the owner of one reads there. */
  health(member: Member): Promise<{ readonly state: string; readonly code?: string }>;
  /** Makes its trouble, or another one of its platform; returns what ends it. */
  trouble(member: Member, trouble?: Trouble): () => Promise<void>;
  close(): Promise<void>;
}

/** `counts`: bots on Discord, Telegram and Slack, each at least as many as there are kinds of trouble for it. */
export async function openHall(
  store: Readonly<Record<string, string | undefined>>,
  counts: readonly [number, number, number],
  troubled: (trouble: Trouble) => boolean = () => true,
): Promise<Hall> {
  const model = await startModelSimulator();
  const [inDiscord, inTelegram, inSlack] = counts;
  const crowds = await Promise.all([discord(inDiscord), telegram(inTelegram), slack(inSlack)]);
  const server = await startServer({
    REPLR_API_KEY: API_KEY,
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'sk-none',
    ...wideUserLimits,
    ...store,
    ...Object.assign({}, ...crowds.map(({ env }) => env)),
  }).catch(async (error) => {
    await Promise.all([model.close(), ...crowds.map((crowd) => crowd.close())]);
    throw error;
  });
  const client = createClient(server.url, API_KEY);
  try {
    const members = await connectAll(client, crowds, model, troubled);
    return hallOf(server, client, crowds, model, members);
  } catch (error) {
    await server.kill('SIGKILL');
    await Promise.all([model.close(), ...crowds.map((crowd) => crowd.close())]);
    throw error;
  }
}

async function connectAll(
  client: Client,
  crowds: readonly Crowd[],
  model: ModelSimulator,
  troubled: (trouble: Trouble) => boolean,
): Promise<Member[]> {
  const usual = await makeReplr(client);
  const members: Member[] = [];
  const joining: (() => Promise<void>)[] = [];
  for (const crowd of crowds) {
    const own = crowd.troubles.filter(troubled).map((trouble) => ({ trouble, replr: async () => usual }));
    // Models stand behind bots of any platform; one will do.
    const models = crowd.platform === 'telegram' ? modelTroubles.map((each) => behind(client, model, each)) : [];
    const victims = [...own, ...models.filter(({ trouble }) => troubled(trouble))];
    if (victims.length > crowd.seats.length) throw new Error(`${crowd.platform}: more kinds of trouble than bots`);
    for (const [seat, { connect }] of crowd.seats.entries()) {
      joining.push(async () => {
        const replr_id = await (victims[seat]?.replr() ?? usual);
        const made = await client.post(`/v1/integrations/${crowd.platform}`, {
          ...connect,
          replr_id,
          limits: wideLimits,
        });
        if (made.status !== 201) throw new Error(`connect: ${made.status} ${JSON.stringify(made.body)}`);
        members.push({ crowd, seat, id: made.body.id, trouble: victims[seat]?.trouble });
      });
    }
  }
  const queue = joining.values();
  await Promise.all(
    Array.from({ length: ABREAST }, async () => {
      for (const join of queue) await join();
    }),
  );
  return members;
}

/** A character of its own with a model of its own, which can be told apart by what it is told. */
function behind(client: Client, model: ModelSimulator, { name, fault }: (typeof modelTroubles)[number]) {
  const match = `You are Ada of "${name}".`;
  const trouble: Trouble = {
    name,
    passes: false,
    begin: () => {
      model.fault({ ...fault, match, times: ALWAYS });
      return () => {
        model.clearFaults();
        model.release(match);
        return undefined;
      };
    },
  };
  return { trouble, replr: () => makeReplr(client, { instructions: match, model: 'openai/sim-small' }) };
}

function hallOf(
  server: ServerProcess,
  client: Client,
  crowds: readonly Crowd[],
  model: ModelSimulator,
  members: readonly Member[],
): Hall {
  const questions: Question[] = [];
  let open = new Set<Question>();
  const look = () => {
    for (const { text, at } of crowds.flatMap((crowd) => crowd.shown())) {
      const asked = questions[(questionIn(text) ?? 0) - 1];
      asked?.answers.push(at);
      if (asked) open.delete(asked);
    }
  };
  const hall: Hall = {
    ...{ server, crowds, members, questions, look },
    ask(member, excused = false) {
      const asked: Question = { number: questions.length + 1, member, at: Date.now(), answers: [], excused };
      questions.push(asked);
      if (!excused) open.add(asked);
      member.crowd.seats[member.seat]?.say(question(asked.number));
      return asked;
    },
    async answered(withinMs) {
      const giveUp = Date.now() + withinMs;
      for (look(); open.size > 0 && Date.now() < giveUp; look()) await sleep(LOOK_MS);
      const missing = [...open];
      // What is missing once is said once.
      open = new Set();
      return missing;
    },
    async statuses() {
      const { status, body } = await client.get('/v1/integrations?limit=1000');
      if (status !== 200) throw new Error(`list: ${status} ${JSON.stringify(body)}`);
      return new Map(body.data.map((each: { id: string; status: string }) => [each.id, each.status]));
    },
    health: async ({ id }) => (await client.get(`/v1/integrations/${id}`)).body.health,
    trouble({ trouble: own, seat, id }, trouble = own) {
      const end = trouble?.begin(seat);
      return async () => {
        const healing = end?.();
        if (!healing) return;
        const put = await client.put(`/v1/integrations/${id}`, healing);
        if (put.status !== 200) throw new Error(`put: ${put.status} ${JSON.stringify(put.body)}`);
      };
    },
    async close() {
      await server.kill('SIGKILL');
      await Promise.all([model.close(), ...crowds.map((crowd) => crowd.close())]);
    },
  };
  return hall;
}
