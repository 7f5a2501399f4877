import type { Ids, UserId } from '../../src/core/ids.ts';
import { type Account, MANNERS, type Platform } from '../platform/platform.ts';
import type { Pusher } from '../platform/pusher.ts';
import type { Api } from './api.ts';
import type { Known } from './known.ts';
import type { Node } from './node.ts';
import { type Action, CHANNELS, type Plan } from './plan.ts';
import type { Timeline } from './timeline.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

export interface StageDeps {
  readonly api: Api;
  readonly nodes: readonly Node[];
  readonly known: Known[];
  readonly ids: Ids;
  readonly userId: UserId;
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly trace: Trace;
}

interface Spot {
  readonly platform: Platform;
  readonly account: Account;
  readonly channels: string[];
}

/** The bots with their channels, and everything that the plan does to them, to the nodes and to the store. */
export class Stage {
  readonly spots: Spot[] = [];
  readonly #deps: StageDeps;

  constructor(deps: StageDeps) {
    this.#deps = deps;
  }

  set(plan: Plan, platforms: readonly Platform[], pushers: readonly Pusher[]): void {
    for (const [n, bot] of plan.bots.entries()) {
      const at = MANNERS.indexOf(bot.manner);
      const [platform, pusher] = [platforms[at], pushers[at]];
      if (!platform || !pusher) continue;
      const account = platform.join(`b${n}`, bot.receives);
      if (bot.receives !== 'pull') pusher.serve(account);
      const channels = Array.from({ length: CHANNELS }, (_, channel) => `b${n}c${channel}`);
      const spot = { platform, account, channels };
      this.spots.push(spot);
      if (bot.manner === 'plain') this.#connect(spot, undefined);
      else if (bot.routes === 1) this.#connect(spot, [...channels]);
      else {
        this.#connect(spot, channels.slice(0, 1));
        this.#connect(spot, channels.slice(1));
      }
    }
  }

  act(action: Action): void {
    const { nodes, weather } = this.#deps;
    switch (action.kind) {
      case 'kill':
        nodes[action.node]?.kill(action.when, action.awayMs);
        break;
      case 'stop':
        nodes[action.node]?.stop(action.graceMs, action.awayMs);
        break;
      case 'freeze':
        nodes[action.node]?.freeze(action.forMs);
        break;
      case 'clock':
        nodes[action.node]?.jump(action.byMs);
        break;
      case 'outage':
        this.#outage(action.forMs);
        break;
      case 'post':
      case 'connect':
      case 'close':
      case 'revoke': {
        const spot = this.spots[action.bot];
        if (spot) this.#atBot(spot, action);
        break;
      }
      default:
        weather.count(`api_${action.kind}`);
        this.#atRoute(action);
    }
  }

  #outage(forMs: number): void {
    const { weather, trace, timeline } = this.#deps;
    weather.storeGoes();
    trace.say('the store goes away');
    timeline.after(forMs, () => {
      if (weather.healed) return;
      trace.say('the store is back');
      weather.storeReturns();
    });
  }

  #atBot(spot: Spot, action: Action & { kind: 'post' | 'connect' | 'close' | 'revoke' }): void {
    const { platform, account, channels } = spot;
    const { weather, timeline, api, known } = this.#deps;
    switch (action.kind) {
      case 'post': {
        const channel = channels[action.channel % channels.length] ?? '';
        platform.post(account, { channel, ...(action.thread && { thread: 't1' }) }, action.ageMs);
        break;
      }
      case 'connect': {
        if (platform.manner === 'plain') break;
        weather.count('api_connect');
        const channel = `${account.identity}c${channels.length}`;
        channels.push(channel);
        this.#connect(spot, [channel]);
        break;
      }
      case 'close':
        weather.count('channel_closed');
        platform.close(channels[action.channel] ?? '');
        break;
      case 'revoke': {
        const one = known.find((route) => route.account === account && !route.deleted);
        if (!one) break;
        weather.count('token_revoked');
        account.dead = true;
        for (const wake of [...account.waiting]) wake();
        timeline.after(action.forMs, () => {
          if (account.dead) api.replaceToken(one);
        });
        break;
      }
      default:
        action satisfies never;
    }
  }

  #atRoute(action: Action & { kind: 'pause' | 'delete' | 'channels' | 'token' | 'touch' }): void {
    const { known, trace, api } = this.#deps;
    const one = known[action.route % known.length];
    if (!one) return;
    trace.say(`API: ${action.kind} ${one.account.identity}`);
    if (action.kind === 'pause') api.pause(one, action.forMs);
    else if (action.kind === 'delete') api.remove(one);
    else if (action.kind === 'token') api.replaceToken(one);
    else if (action.kind === 'touch') api.touch(one);
    else if (one.channels) api.setChannels(one, one.channels.length > 1 ? one.channels.slice(1) : one.channels);
  }

  #connect({ platform, account }: Spot, channels: readonly string[] | undefined): void {
    const { ids, userId, known, api } = this.#deps;
    const one: Known = {
      ...{ id: ids.integration(), userId, platform, account, channels, botId: undefined, enabled: false },
      ...{ deleted: undefined, pauses: [], changes: [] },
    };
    known.push(one);
    api.connect(one, account.receives === 'hook' ? 'webhook' : 'polling');
  }
}
