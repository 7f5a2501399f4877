import type { BotId } from '../../src/core/ids.ts';
import type { Integration } from '../../src/core/integration.ts';
import type { IntegrationUpdate } from '../../src/core/integration-store.ts';
import type { Cursor } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { floorName } from '../platform/connector.ts';
import type { Account } from '../platform/platform.ts';
import type { Asked, Known, Pause } from './known.ts';
import type { Process } from './process.ts';
import type { Timeline } from './timeline.ts';
import type { Trace } from './trace.ts';

/** A client gives a request up after this, ms; longer than any call of the store may take. */
const PATIENCE_MS = 15_000;

export interface Door {
  readonly process: Process;
  readonly store: Store;
  readonly runtime: Runtime;
}

export interface ApiDeps {
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** A process that serves, if there is any. */
  readonly door: () => Door | undefined;
  readonly replrId: Integration['replrId'];
  /**
   * Dates what is asked, ms since 1970. The store takes the newest credential of a bot by this date, so that a node whose
   * clock is behind would store a new token that never comes into force: the clock behind this one never jumps.
   */
  readonly wallClock: (door: Door) => number;
  /** A new token has been stored, as the owner was told. */
  readonly replaced: (botId: BotId, account: Account) => void;
}

/** What owners do, as the endpoints do it: ask the platform where "now" is, change the store, tell the runtime. */
export class Api {
  readonly #deps: ApiDeps;
  /** Requests about one bot run one after another, as in the product. */
  readonly #queues = new Map<string, Promise<void>>();
  #open = 0;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
  }

  get busy(): boolean {
    return this.#open > 0;
  }

  connect(known: Known, transport: string): void {
    this.#inTurn(known, async () => {
      const change = this.#ask(known.changes);
      const { account, platform, channels } = known;
      const fresh = !(await this.#request(({ store }) =>
        store
          .findListeners({ platform: platform.manner, identity: account.identity })
          .then((found) => found.length > 0),
      ));
      const offset: Cursor[] = fresh ? [{ name: 'offset', value: `${account.log.length}` }] : [];
      const made = await this.#request((door) =>
        door.store.createIntegration({
          ...{ id: known.id, userId: known.userId, replrId: this.#deps.replrId, platform: platform.manner },
          ...{ identity: account.identity, profile: {}, notices: [], transport, at: this.#deps.wallClock(door) },
          settings: channels ? { channel_ids: channels } : {},
          credential: { bot_token: account.token },
          claims: channels ?? [''],
          cursors: [...offset, ...floors(account, channels)],
        }),
      );
      if (!made.ok && made.reason === 'claimed') {
        known.deleted = { asked: 0, answered: 0, inForce: true };
        return;
      }
      const integration = made.ok
        ? made.integration
        : await this.#request(({ store }) => store.getIntegration(known.userId, known.id));
      known.botId = integration?.botId;
      known.enabled = true;
      if (known.botId) await this.#told([known.botId], change);
    });
  }

  pause(known: Known, forMs: number): void {
    this.#inTurn(known, async () => {
      if (known.deleted || !known.enabled) return;
      const pause: Pause = { asked: this.#deps.timeline.now, answered: undefined, inForce: false, resumed: undefined };
      known.pauses.push(pause);
      known.enabled = false;
      await this.#update(known, () => ({ enabled: false }), pause);
      this.#deps.timeline.after(forMs, () => this.resume(known));
    });
  }

  resume(known: Known): void {
    this.#inTurn(known, async () => {
      const pause = known.pauses.at(-1);
      if (known.deleted || known.enabled || !pause) return;
      const change = this.#ask(known.changes);
      pause.resumed = change.asked;
      const { account, channels } = known;
      const offset = channels ? [] : [{ name: 'offset', value: `${account.log.length}` }];
      const cursors = [...offset, ...floors(account, channels)];
      await this.#update(known, () => ({ enabled: true, cursors }), change);
      known.enabled = true;
    });
  }

  remove(known: Known): void {
    this.#inTurn(known, async () => {
      if (known.deleted) return;
      const deleted = this.#ask(known.changes);
      known.deleted = deleted;
      const gone = await this.#request(({ store }) => store.deleteIntegration(known.userId, known.id));
      await this.#told(gone.ok ? gone.bots : known.botId ? [known.botId] : [], deleted);
    });
  }

  /** Other channels than before: the new ones begin now. */
  setChannels(known: Known, channels: readonly string[]): void {
    this.#inTurn(known, async () => {
      if (known.deleted || known.channels === undefined) return;
      const change = this.#ask(known.changes);
      const added = channels.filter((channel) => !known.channels?.includes(channel));
      known.channels = channels;
      const cursors = floors(known.account, added);
      await this.#update(known, () => ({ settings: { channel_ids: channels }, cursors }), change);
    });
  }

  replaceToken(known: Known): void {
    this.#inTurn(known, async () => {
      if (known.deleted) return;
      const { account, channels } = known;
      account.token = `${account.identity}-${Number(account.token.split('-').at(-1)) + 1}`;
      account.dead = false;
      const credential = { bot_token: account.token };
      const { identity } = account;
      const verified = { credential, identity, profile: {}, claims: channels ?? [''], notices: [] };
      await this.#update(known, () => ({ verified }), this.#ask([]));
      if (known.botId) this.#deps.replaced(known.botId, account);
    });
  }

  /** A change that nobody should notice. */
  touch(known: Known): void {
    this.#inTurn(known, async () => {
      if (!known.deleted) await this.#update(known, () => ({ autoRespond: true }), this.#ask([]));
    });
  }

  #ask(list: Asked[]): Asked {
    const asked = { asked: this.#deps.timeline.now, answered: undefined, inForce: false };
    list.push(asked);
    return asked;
  }

  async #update(known: Known, change: () => Omit<IntegrationUpdate, 'at'>, asked: Asked): Promise<void> {
    const result = await this.#request((door) =>
      door.store.updateIntegration(known.userId, known.id, { ...change(), at: this.#deps.wallClock(door) }),
    );
    if (result.ok) await this.#told(result.bots, asked);
  }

  async #told(bots: readonly BotId[], asked: Asked): Promise<void> {
    const { timeline, door, trace } = this.#deps;
    const told = await this.#inTime(async () => door()?.runtime.changed(bots)).catch(() => 'failed' as const);
    asked.answered = timeline.now;
    asked.inForce = told === undefined;
    trace.say(`the API has answered${asked.inForce ? '' : ', and nobody was told'}`);
  }

  /** Asks until there is an answer, as a client does that repeats what failed. */
  async #request<T>(run: (door: Door) => Promise<T>): Promise<T> {
    for (;;) {
      const door = this.#deps.door();
      if (door) {
        const answer = await this.#inTime(async () => ({ value: await run(door) })).catch(() => undefined);
        if (answer && answer !== 'late') return answer.value;
      }
      await this.#wait(1_000);
    }
  }

  #inTime<T>(run: () => Promise<T>): Promise<T | 'late'> {
    return Promise.race([run(), this.#wait(PATIENCE_MS).then(() => 'late' as const)]);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#deps.timeline.after(ms, resolve));
  }

  #inTurn({ account }: Known, run: () => Promise<void>): void {
    this.#open++;
    const before = this.#queues.get(account.identity) ?? Promise.resolve();
    const mine = before.then(run).finally(() => {
      this.#open--;
    });
    this.#queues.set(account.identity, mine);
  }
}

const floors = ({ log }: Account, channels: readonly string[] | undefined): Cursor[] =>
  (channels ?? ['']).map((channel) => ({ name: floorName(channel), value: `${log.length}` }));
