import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Part } from '../../src/core/delivery.ts';
import type { AcceptedMessage, Composed, Settled, TurnDue } from '../../src/core/flow-store.ts';
import { type BotId, createIds, type IntegrationId, type NodeId, type UserId } from '../../src/core/ids.ts';
import type { Integration, Replr } from '../../src/core/integration.ts';
import type { NewIntegration } from '../../src/core/integration-store.ts';
import { conversationKey, type Fate, type InboundMessage } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';

/** A store on an engine, and what a test may do to it from outside. */
export interface Opened {
  readonly store: Store;
  /** Closes it and opens it again on the same data. */
  reopen(): Promise<Store>;
  /** The same data through a second store, as another process sees it. */
  beside(options?: { secretKey?: Uint8Array }): Promise<Store>;
  /** Runs SQL behind the store's back. */
  execute(statement: string): Promise<void>;
  close(): Promise<void>;
}

export type Open = () => Promise<Opened>;

export const ids = createIds((count) => randomBytes(count));
export const TTL_MS = 60_000;
let serial = 0;
/** A name that no other test uses. */
export const unique = (prefix: string) => `${prefix}-${++serial}`;

export const newReplr = { name: 'Nova', instructions: 'Be kind.', model: 'default' };

export async function makeUser(store: Store): Promise<UserId> {
  return await store.ensureUser(ids.user(), unique('user'), 1);
}

export async function makeReplr(store: Store, userId: UserId, name = newReplr.name): Promise<Replr> {
  const fields = { ...newReplr, name, description: null, avatarUrl: null, greetingMessage: null };
  const made = await store.createReplr(ids.replr(), userId, fields, 1);
  if (made === 'id_taken') throw new Error('id taken');
  return made;
}

export function integrationFor(replr: Replr, over: Partial<NewIntegration> = {}): NewIntegration {
  return {
    id: ids.integration(),
    userId: replr.userId,
    replrId: replr.id,
    identity: unique('identity'),
    platform: 'chat',
    profile: { username: 'nova_bot' },
    settings: { channel_ids: ['c1'] },
    credential: { bot_token: unique('token') },
    claims: ['c1'],
    notices: [],
    cursors: [],
    transport: 'polling',
    at: 1_000,
    ...over,
  };
}

export async function connect(store: Store, replr: Replr, over: Partial<NewIntegration> = {}): Promise<Integration> {
  const made = await store.createIntegration(integrationFor(replr, over));
  if (!made.ok) throw new Error(made.reason);
  return made.integration;
}

/** A user with a REPLR on one integration, and a node that owns its bot. */
export interface World {
  readonly userId: UserId;
  readonly replr: Replr;
  readonly integration: Integration;
  readonly botId: BotId;
  readonly node: NodeId;
  readonly epoch: number;
}

export async function makeWorld(store: Store, over: Partial<NewIntegration> = {}): Promise<World> {
  const userId = await makeUser(store);
  const replr = await makeReplr(store, userId);
  const integration = await connect(store, replr, over);
  const node = ids.node();
  const held = await store.takeBot(node, TTL_MS, integration.botId);
  if (!held) throw new Error('the bot is owned by another node');
  return { userId, replr, integration, botId: integration.botId, node, epoch: held.epoch };
}

export function message(over: Partial<InboundMessage> = {}): InboundMessage {
  return {
    id: unique('m'),
    at: { scope: 'g1', channel: 'c1', thread: 't1' },
    author: { id: 'u1', name: 'Ada', kind: 'person' },
    text: 'hello',
    sentAt: 1_500,
    addressed: true,
    replyTo: 'm-earlier',
    ...over,
  };
}

export function accepted(id: IntegrationId, inbound: InboundMessage, fate: Fate | null = null): AcceptedMessage {
  return { integrationId: id, conversation: conversationKey(id, inbound.at), message: inbound, fate };
}

export async function acceptAll(store: Store, world: World, messages: readonly AcceptedMessage[], at = 2_000) {
  const { botId, epoch } = world;
  const result = await store.accept({ botId, epoch, messages, cursors: [], at });
  if (!result.ok) throw new Error(result.reason);
  return result.due;
}

/** One new message that is due a turn. */
export async function hear(store: Store, world: World, over: Partial<InboundMessage> = {}): Promise<TurnDue> {
  const [due] = await acceptAll(store, world, [accepted(world.integration.id, message(over))]);
  if (!due) throw new Error('nothing is due');
  return due;
}

export function composed(world: World, turn: TurnDue, parts: readonly Part[], over: Partial<Composed> = {}): Composed {
  return {
    botId: world.botId,
    epoch: world.epoch,
    seq: turn.seq,
    integrationId: turn.integrationId,
    to: turn.message.at,
    replyTo: turn.message.id,
    parts: parts.map((part) => ({ id: ids.delivery(), part })),
    at: 3_000,
    ...over,
  };
}

export async function answer(store: Store, world: World, turn: TurnDue, ...texts: string[]) {
  const result = await store.compose(
    composed(
      world,
      turn,
      texts.map((text) => ({ text })),
    ),
  );
  if (!result.ok) throw new Error(result.reason);
  return result.deliveries;
}

export const settled = ({ botId, epoch }: World, change: Settled['change'], at = 4_000): Settled => ({
  botId,
  epoch,
  at,
  change,
});

/** Delivers these parts one after the other. */
export async function deliver(store: Store, world: World, deliveries: readonly { id: `dlv_${string}` }[], at = 4_000) {
  for (const { id } of deliveries) {
    const change = {
      kind: 'delivered',
      delivery: id,
      messageId: `sent-${id}`,
      attempts: 1,
      maybeDuplicate: false,
    } as const;
    expect(await store.settle(settled(world, change, at))).toBe('ok');
  }
}

export async function countOf(store: Store, { userId, integration }: World) {
  const now = await store.getIntegration(userId, integration.id);
  return { messageCount: now?.messageCount, lastMessageAt: now?.lastMessageAt };
}

export async function recovered(store: Store, { botId, epoch }: World) {
  const unfinished = await store.recover(botId, epoch);
  if (unfinished === 'fenced') throw new Error('fenced');
  return unfinished;
}
