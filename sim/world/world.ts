import type { Composed, ComposeResult } from '../../src/core/flow-store.ts';
import { type BotId, createIds, type DeliveryId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/store.ts';
import { type Account, MANNERS, Platform } from '../platform/platform.ts';
import { Pusher } from '../platform/pusher.ts';
import { credentialOf } from '../store/listeners.ts';
import { createModelStore } from '../store/model-store.ts';
import { Api, type Door } from './api.ts';
import { type Breakage, breakages } from './breakage.ts';
import type { Committed } from './faulty-store.ts';
import type { Known } from './known.ts';
import { Node } from './node.ts';
import { makePlan } from './plan.ts';
import { EPOCH_MS } from './process.ts';
import { createRandom } from './random.ts';
import { Stage } from './stage.ts';
import { Timeline } from './timeline.ts';
import { createTrace } from './trace.ts';
import { type Answer, Verdicts, type Violation } from './verdicts.ts';
import { Weather } from './weather.ts';

/** All that was accepted has its outcome this long after the last fault, ms: a turn that hangs takes ten minutes. */
const PATIENCE_MS = 3 * 3_600_000;
/** Looks that often whether all is quiet, ms. */
const LOOK_MS = 1_000;
/** What does not heed its signal is given up by then, ms. */
const STOP_MS = 20_000;
/** The last reports, retries and polls come in. */
const AFTERGLOW_MS = 70_000;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Equal for two runs of one seed. */
  readonly digest: string;
  readonly virtualMs: number;
  readonly posted: number;
  readonly accepted: number;
  readonly answered: number;
  readonly shown: number;
  readonly marked: number;
  readonly doubled: number;
  readonly faults: Readonly<Record<string, number>>;
}

export interface RunOptions {
  readonly print?: (line: string) => void;
  /** A rule to break, to see that it is noticed. */
  readonly breakage?: Breakage;
}

/** Runs the world of one seed to its end and judges it. */
export async function runSeed(seed: number, { print, breakage }: RunOptions = {}): Promise<Outcome> {
  const random = createRandom(`${seed}`);
  const timeline = new Timeline();
  const plan = makePlan(random.stream('plan'));
  const weather = new Weather(random.stream('weather'), timeline);
  const trace = createTrace(() => timeline.now, print);
  const ids = createIds(random.stream('ids').bytes);
  const model = createModelStore({ now: () => EPOCH_MS + Math.floor(timeline.now), newBotId: ids.bot });
  const { tables } = model;
  const violations: Violation[] = [];
  const violated = (rule: string, what: string) => {
    trace.say(`VIOLATED ${rule}: ${what}`);
    violations.push({ rule, what });
  };
  const rejected = (reason: unknown) =>
    violated('no mistakes', `unhandled rejection: ${reason instanceof Error ? reason.stack : reason}`);
  process.on('unhandledRejection', rejected);

  const known: Known[] = [];
  const answers = new Map<DeliveryId, Answer>();
  const threw = new Set<string>();
  const nodes: Node[] = [];
  const platforms = MANNERS.map(
    (manner) =>
      new Platform({
        ...{ manner, timeline, weather, trace, random: random.stream(manner) },
        trusting: breakage === 'trusts_the_window',
        acknowledged: (platform, post) => verdicts.acknowledged(platform, post),
        shown: (shown) => {
          verdicts.shown(shown);
          for (const node of nodes) node.shown();
        },
      }),
  );
  const verdicts = new Verdicts({ tables, platforms, known, answers, threw, timeline, weather, violated });
  const committed: Committed = (_process, name, [input], result) => {
    if (name !== 'compose' || !(result as ComposeResult).ok) return;
    const { parts, integrationId, seq, notice } = input as Composed;
    for (const [index, { id, part }] of parts.entries()) {
      answers.set(id, { integrationId, seq, index, text: part.text, ...(notice && { notice }) });
    }
  };
  const broken = (store: Store): Store => (breakage && breakages[breakage]?.(store, tables, timeline)) || store;
  for (let n = 0; n < plan.nodes; n++) {
    nodes.push(
      new Node(`node${n}`, {
        ...{ model, platforms, timeline, weather, trace, committed, threw, violated, broken },
        random: random.stream(`node${n}`),
        exclusive: plan.exclusive,
        eager: breakage === 'acknowledges_unstored',
      }),
    );
  }
  const choice = random.stream('choice');
  const door = (): Door | undefined => {
    const open = nodes.flatMap((node) => node.door ?? []);
    return open[choice.between(0, open.length - 1)];
  };

  const setUp = model.open();
  const userId = await setUp.ensureUser(ids.user(), 'ada', 1);
  const persona = { instructions: '', model: 'default', description: null, avatarUrl: null, greetingMessage: null };
  const replr = await setUp.createReplr(ids.replr(), userId, { name: 'Nova', ...persona }, 1);
  if (replr === 'id_taken') throw new Error('the first id is taken');
  // What owners ask for is dated by the clock of the node that they ask, which may have jumped.
  const wallClock = ({ process: { clock } }: Door) => clock.now();
  const replaced = (id: BotId, { identity, token }: Account) => {
    const inForce = credentialOf(tables, id)?.['bot_token'];
    if (inForce !== undefined && inForce !== token) violated('a new token is used', `${identity} still has ${inForce}`);
  };
  const api = new Api({ timeline, trace, door, wallClock, replaced, replrId: replr.id });
  const botId = (account: Account) => known.find((one) => one.account === account && one.botId && !one.deleted)?.botId;
  const pushers = platforms.map((platform) => new Pusher(platform, { timeline, weather, door, botId }));

  const stage = new Stage({ api, nodes, known, ids, userId, timeline, weather, trace });
  stage.set(plan, platforms, pushers);

  for (const node of nodes) node.start();
  const settled = () => !api.busy;
  await timeline.run(60_000, settled);
  const begun = timeline.now;
  for (const { at, action } of plan.actions) timeline.after(at, () => stage.act(action));
  await timeline.run(begun + plan.duration);

  trace.say('all is healed');
  weather.heal();
  for (const node of nodes) node.heal();
  const quiet = () =>
    settled() &&
    tables.open.size === 0 &&
    speechless().length === 0 &&
    pushers.every((pusher) => !pusher.busy) &&
    known.every((one) => one.deleted || one.enabled) &&
    known.every((one) => {
      const bot = one.deleted || one.account.receives === 'hook' ? undefined : tables.bots.get(one.botId ?? 'bot_');
      return !bot || Number(bot.cursors.get('offset') ?? 0) >= one.account.log.length;
    });
  const deadline = timeline.now + PATIENCE_MS;
  while (!quiet() && timeline.now < deadline) {
    if (settled()) for (const one of speechless()) api.replaceToken(one);
    await timeline.run(timeline.now + LOOK_MS);
  }
  if (!quiet()) violated('liveness', `not quiet ${PATIENCE_MS / 60_000} minutes after the last fault`);
  await timeline.run(timeline.now + AFTERGLOW_MS);
  verdicts.final();
  await end();
  process.off('unhandledRejection', rejected);

  /** Routes whose bot speaks with a token that the platform refuses: revoked, or gone with the integration that had it. */
  function speechless(): Known[] {
    return stage.spots.flatMap(({ account }) => {
      const one = known.find((route) => route.account === account && !route.deleted && route.botId);
      const token = one?.botId && credentialOf(tables, one.botId)?.['bot_token'];
      return one && (account.dead || token !== account.token) ? [one] : [];
    });
  }

  /** Who has stopped waits for nothing more. */
  async function end(): Promise<void> {
    let stopping = 0;
    for (const node of nodes) {
      const door = node.door;
      if (!door) continue;
      stopping++;
      const stopped = () => {
        stopping--;
        if (door.process.sleepers > 0) violated('nothing is left', `${door.process.sleepers} timers after the stop`);
      };
      door.runtime.stop(1_000).then(stopped, stopped);
    }
    await timeline.run(timeline.now + STOP_MS, () => stopping === 0);
    if (stopping > 0) violated('nothing is left', 'a node does not stop');
  }

  const rows = [...tables.messages.values()];
  const ledger = platforms.flatMap((platform) => platform.ledger);
  const count = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length;
  return {
    seed,
    violations,
    digest: trace.digest(),
    virtualMs: timeline.now,
    posted: stage.spots.reduce((sum, { account }) => sum + account.log.length, 0),
    accepted: rows.length,
    answered: count(({ fate }) => fate?.kind === 'answered'),
    shown: ledger.length,
    marked: [...tables.parts.values()].filter(({ part }) => part.maybeDuplicate).length,
    doubled: ledger.length - new Set(ledger.map(({ key }) => key)).size,
    faults: weather.counts,
  };
}
