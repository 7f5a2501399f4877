import type { Health, Notice, PlaceTrouble } from './health.ts';
import type { BotId, IntegrationId, NodeId, ReplrId, UserId } from './ids.ts';
import type { Options } from './options.ts';

/** An AI character. */
export interface Replr {
  readonly id: ReplrId;
  readonly userId: UserId;
  /** 1–80 characters. */
  readonly name: string;
  readonly instructions: string;
  readonly description: string | null;
  /** `default`, or `provider/model`. */
  readonly model: string;
  readonly avatarUrl: string | null;
  readonly greetingMessage: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Secrets by field name, as in the request body: `{ bot_token: '…' }`. Never leaves the process. */
export type Credential = Readonly<Record<string, string>>;

/** What the platform says about the bot that its connector needs later: own user name, privacy mode. JSON. */
export type Profile = Readonly<Record<string, unknown>>;

/** What is owned and listened to: a verified platform identity behind a credential. */
export interface Bot {
  readonly id: BotId;
  readonly platform: string;
  /** The platform's id of the bot user. */
  readonly identity: string;
  readonly profile: Profile;
}

/** A route on a bot: a place on the platform that a REPLR answers in. */
export interface Integration {
  readonly id: IntegrationId;
  readonly userId: UserId;
  readonly replrId: ReplrId;
  readonly botId: BotId;
  readonly platform: string;
  /** The platform's id of the bot user: shows whether a new credential is the same bot. */
  readonly identity: string;
  /** The platform's own public fields (`guild_id`, `channel_ids`), as the connector's schema parsed them. */
  readonly settings: Settings;
  readonly options: Options;
  /** What the owner wants. What is so is `health`. */
  readonly enabled: boolean;
  readonly autoRespond: boolean;
  /** Messages given a turn plus answers delivered. */
  readonly messageCount: number;
  readonly connectedAt: number;
  readonly lastMessageAt: number | null;
  /** The state of the bot's link, shared by all integrations on it: what this one is told of it is `healthOf`. */
  readonly health: Health;
  readonly notices: readonly Notice[];
}

export type Settings = Readonly<Record<string, unknown>>;

/** All that is needed to serve one integration. */
export interface Route {
  readonly integration: Integration;
  readonly replr: Replr;
}

/** A bot as its owner node holds it. */
export interface OwnedBot {
  readonly bot: Bot;
  readonly owner: NodeId;
  /** Fencing token: every commit of the flow carries it, and one with an older epoch fails. */
  readonly epoch: number;
  /** Changes whenever anything below or the credential does. */
  readonly version: number;
  /** Of each secret the newest verified one among the bot's integrations. */
  readonly credential: Credential;
  /** Enabled and paused ones alike, oldest first. */
  readonly routes: readonly Route[];
}

export type Status = 'active' | 'inactive' | 'error';

/** `inactive` is the owner's wish and wins; `error` is ours to admit. */
export function statusOf(integration: Integration): Status {
  if (!integration.enabled) return 'inactive';
  return healthOf(integration).state === 'error' ? 'error' : 'active';
}

/**
 * The link's health as this integration is concerned. The link belongs to the bot and may serve other integrations, of other
 * users: it may work while this one is paused, and what is wrong at their places is no business of this one. Where the bot
 * can hear at none of its places, it is in `error` though the link works.
 */
export function healthOf({ enabled, health, settings }: Pick<Integration, 'enabled' | 'health' | 'settings'>): Health {
  const { places = [], ...link } = health;
  if (!enabled) return { state: 'paused', since: link.since, transport: link.transport };
  if (link.state !== 'connected') return link;
  const own = places.filter(({ setting, value }) => [settings[setting]].flat().includes(value));
  const [first] = own;
  if (!first) return link;
  const { code, message, fixUrl } = first;
  const isTroubled = (name: string) => own.some(({ setting }) => setting === name);
  // What is merely switched on, such as direct messages, is a place as well.
  const elsewhere = Object.entries(settings).some(([name, value]) => value === true && !isTroubled(name));
  const deaf =
    !elsewhere && own.some(({ setting, value }) => value !== true && isGone([settings[setting]].flat(), setting, own));
  return {
    ...{ state: deaf ? 'error' : 'connected', code, message, ...(fixUrl && { fixUrl }) },
    ...{ since: link.since, transport: link.transport },
  };
}

function isGone(values: readonly unknown[], name: string, troubles: readonly PlaceTrouble[]): boolean {
  return values.every((one) => troubles.some(({ setting, value }) => setting === name && value === one));
}
