import type { Delivery } from '../../src/core/delivery.ts';
import { type Composed, MAX_OVERHEARD, type TurnDue } from '../../src/core/flow-store.ts';
import type { Health, Notice } from '../../src/core/health.ts';
import type { ApiKeyId, BotId, DeliveryId, IntegrationId, NodeId, ReplrId, UserId } from '../../src/core/ids.ts';
import type { Bot, Credential, Integration, Profile, Replr, Settings } from '../../src/core/integration.ts';
import type { ConversationKey, Cursor, Fate, InboundMessage } from '../../src/core/message.ts';
import type { Options } from '../../src/core/options.ts';
import { TURNED_DOWN } from '../../src/core/responder.ts';

/** Rows are changed in place; what a row holds by reference is never changed, only replaced. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface BotRow {
  readonly id: BotId;
  readonly platform: string;
  readonly identity: string;
  profile: Profile;
  owner: NodeId | null;
  epoch: number;
  version: number;
  health: Health;
  readonly cursors: Map<string, string>;
}

export interface IntegrationRow {
  readonly id: IntegrationId;
  readonly userId: UserId;
  replrId: ReplrId;
  botId: BotId;
  readonly platform: string;
  settings: Settings;
  options: Options;
  /** Stands for the sealed secrets: they open only in the row that they were sealed for. */
  secrets: { readonly sealedFor: IntegrationId; readonly credential: Credential };
  credentialAt: number;
  notices: readonly Notice[];
  enabled: boolean;
  autoRespond: boolean;
  messageCount: number;
  lastMessageAt: number | null;
  readonly connectedAt: number;
}

export interface MessageRow {
  readonly seq: number;
  readonly botId: BotId;
  readonly integrationId: IntegrationId;
  conversation: ConversationKey;
  message: InboundMessage;
  readonly receivedAt: number;
  /** It was due a turn when it came, */
  readonly counted: boolean;
  /** and is neither forgotten nor ignored: what a conversation's history is made of, */
  due: boolean;
  /** and of these, which nobody answers. */
  overheard: boolean;
  /** A node that did not own the bot received it. */
  arrived: boolean;
  fate: Fate | null;
  /** What is being sent is no answer: the fate that comes of it. */
  notice: NonNullable<Composed['notice']> | null;
  /** The parts of its answer, in order; empty while there is none. */
  parts: PartRow[];
}

export type PartRow = Mutable<Delivery>;

export interface ClaimRow {
  readonly platform: string;
  readonly identity: string;
  readonly place: string;
  readonly integrationId: IntegrationId;
  readonly userId: UserId;
  /** `null` once it belongs to an integration. */
  reservedUntil: number | null;
}

export interface UsageRow {
  readonly integrationId: IntegrationId;
  readonly person: string;
  readonly day: string;
  tokens: number;
}

export interface RequestRow {
  fingerprint: string;
  begunAt: number;
  answer: { readonly status: number; readonly body: string } | null;
}

/** All that the store holds. A method of the model runs through without a pause, which is what makes it a transaction. */
export class Tables {
  readonly users = new Map<string, UserId>();
  readonly keys = new Map<string, { readonly id: ApiKeyId; readonly userId: UserId }>();
  readonly requests = new Map<string, RequestRow>();
  readonly replrs = new Map<ReplrId, Replr>();
  readonly bots = new Map<BotId, BotRow>();
  readonly integrations = new Map<IntegrationId, IntegrationRow>();
  readonly messages = new Map<number, MessageRow>();
  readonly known = new Map<string, MessageRow>();
  /** Those without a fate, in order of acceptance: what owners look for each second. */
  readonly open = new Map<number, MessageRow>();
  readonly parts = new Map<DeliveryId, { readonly message: MessageRow; readonly part: PartRow }>();
  readonly heartbeats = new Map<NodeId, number>();
  readonly leases = new Map<string, { readonly owner: NodeId; readonly health: Health | undefined }>();
  readonly claims = new Set<ClaimRow>();
  readonly usage = new Map<string, UsageRow>();
  /** By user and day. */
  readonly userUsage = new Map<string, { readonly day: string; tokens: number }>();
  readonly now: () => number;
  /** The nodes that own these bots must look again. */
  readonly notify: (bots: readonly BotId[]) => void;
  #seq = 0;

  constructor(now: () => number, notify: (bots: readonly BotId[]) => void) {
    this.now = now;
    this.notify = notify;
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  alive(node: NodeId | null, ttlMs: number): boolean {
    const beat = node === null ? undefined : this.heartbeats.get(node);
    return beat !== undefined && beat >= this.now() - ttlMs;
  }

  /** Oldest first. */
  routesOf(botId: BotId): IntegrationRow[] {
    return [...this.integrations.values()]
      .filter((row) => row.botId === botId)
      .sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1));
  }

  touch(bots: readonly BotId[]): void {
    for (const id of new Set(bots)) {
      const bot = this.bots.get(id);
      if (bot) bot.version++;
    }
    this.notify(bots);
  }

  moveCursors(botId: BotId, cursors: readonly Cursor[]): void {
    const bot = this.bots.get(botId);
    for (const { name, value } of cursors) {
      if (value === null) bot?.cursors.delete(name);
      else bot?.cursors.set(name, value);
    }
  }

  /** A message has one outcome: the first. */
  decide(row: MessageRow, fate: Fate): boolean {
    if (row.fate !== null) return false;
    row.fate = fate;
    this.open.delete(row.seq);
    const turnedDown = fate.kind === 'failed' && TURNED_DOWN.has(fate.reason);
    const listened = row.due && fate.kind !== 'ignored' && !turnedDown;
    const kept = listened && this.integrations.get(row.integrationId)?.options.storeContent;
    if (!kept) erase(row);
    return true;
  }

  /** Of an integration, oldest first. */
  messagesOf(id: IntegrationId): MessageRow[] {
    return [...this.messages.values()].filter((row) => row.integrationId === id);
  }

  /** Of what was overheard in a conversation only the newest stays. */
  forgetOverheard(id: IntegrationId, conversation: ConversationKey): void {
    const heard = this.messagesOf(id).filter((row) => row.conversation === conversation && row.overheard);
    for (const row of heard.slice(0, -MAX_OVERHEARD)) erase(row);
  }

  count(id: IntegrationId, at: number): void {
    const row = this.integrations.get(id);
    if (!row) return;
    row.messageCount++;
    row.lastMessageAt = Math.max(row.lastMessageAt ?? at, at);
  }

  dropMessage(row: MessageRow): void {
    this.messages.delete(row.seq);
    this.open.delete(row.seq);
    this.known.delete(keyOf(row.botId, row.message.id));
    for (const part of row.parts) this.parts.delete(part.id);
  }

  dropIdleBot(id: BotId): void {
    if (this.routesOf(id).length === 0) this.bots.delete(id);
  }
}

/** What was said is gone; what is left guards against repetition. */
export function erase(row: MessageRow): void {
  const { quote: _, ...message } = row.message;
  row.message = { ...message, text: '' };
  row.due = false;
  row.overheard = false;
  for (const part of row.parts) part.part = { text: '' };
}

export const keyOf = (botId: BotId, messageId: string) => `${botId} ${messageId}`;

export const botOf = ({ id, platform, identity, profile }: BotRow): Bot => ({ id, platform, identity, profile });

export const integrationOf = (row: IntegrationRow, bot: BotRow): Integration => ({
  id: row.id,
  userId: row.userId,
  replrId: row.replrId,
  botId: row.botId,
  platform: row.platform,
  identity: bot.identity,
  settings: row.settings,
  options: row.options,
  enabled: row.enabled,
  autoRespond: row.autoRespond,
  messageCount: row.messageCount,
  connectedAt: row.connectedAt,
  lastMessageAt: row.lastMessageAt,
  health: bot.health,
  notices: row.notices,
});

export const turnDueOf = ({ seq, botId, integrationId, conversation, message }: MessageRow): TurnDue => ({
  seq,
  botId,
  integrationId,
  conversation,
  message,
});

export const deliveryOf = (part: PartRow): Delivery => ({ ...part });
