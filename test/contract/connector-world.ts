import { expect } from 'vitest';
import type { Connector, PlatformPort, Sender } from '../../src/core/connector.ts';
import type { Delivery, SendResult } from '../../src/core/delivery.ts';
import type { Bot, Credential, Settings } from '../../src/core/integration.ts';
import type { Place } from '../../src/core/message.ts';

/** One platform as the suite drives it: a simulator, a bot on it, a place it listens in and one it does not. */
export interface ContractWorld {
  /** Points at the simulator. What it logs is searched for secrets. */
  readonly port: PlatformPort;
  readonly credential: Credential;
  /** Well-shaped, but nobody's. */
  readonly badCredential: Credential;
  /** The bot listens in `here` and not in `there`. */
  readonly settings: Settings;
  readonly here: Place;
  readonly there: Place;
  /** Posts as a person; resolves when the platform has it. */
  post(at: Place, text: string, how?: 'plain' | 'mention' | 'reply'): Promise<void>;
  /** Posts as another bot, which mentions ours. */
  postAsBot(at: Place, text: string): Promise<void>;
  /** All that is visible, oldest first; `answers` is the text that a message visibly replies to. */
  transcript(at: Place): Promise<readonly { text: string; fromBot: boolean; answers?: string }[]>;
  /** Breaks all open connections once. */
  cut(): Promise<void>;
  /** Nobody listens at the platform's address until it is up again. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Kills the credential. */
  revoke(): Promise<void>;
  /** Removes the bot from the place. */
  expel(at: Place): Promise<void>;
  /** The next send: is carried out without an answer; fails on the platform's side; is told to wait `seconds`. */
  nextSend(fate: 'dropped' | 'error' | 'limited', seconds?: number): Promise<void>;
  /** Number of calls so far. */
  calls(): number;
  /** Texts of persons that the platform believes to be received. */
  acknowledged(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface ContractSetup {
  readonly connector: Connector;
  world(): Promise<ContractWorld>;
  /** Cases that this platform cannot have, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** What the groups of cases share: the world of the running case and how a case is declared. */
export interface Suite {
  readonly connector: Connector;
  readonly world: () => ContractWorld;
  readonly test: (title: string, run: () => Promise<void>) => void;
  /** Undone after the case, whatever its outcome. */
  readonly afterwards: (stop: () => Promise<void>) => void;
}

export async function verified({ connector, world: current }: Suite): Promise<Bot> {
  const world = current();
  const found = await connector.verify(world.credential, world.settings, world.port);
  if (!found.ok) throw new Error(`not verified: ${found.message}`);
  return { id: 'bot_contract', platform: connector.platform, identity: found.identity, profile: found.profile };
}

export async function openSender(suite: Suite): Promise<Sender> {
  const { credential, port } = suite.world();
  return suite.connector.sender(await verified(suite), credential, port);
}

export interface Words {
  readonly to: Place;
  readonly text: string;
  readonly format?: unknown;
  readonly replyTo?: string;
}

const newId = (): Delivery['id'] => `dlv_${crypto.randomUUID()}`;

export function one(sender: Sender, { to, text, format, replyTo }: Words, id = newId()): Promise<SendResult> {
  const delivery: Delivery = {
    id,
    botId: 'bot_contract',
    integrationId: 'int_contract',
    inboxSeq: 1,
    to,
    ...(replyTo !== undefined && { replyTo }),
    part: format === undefined ? { text } : { text, format },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: Date.now(),
    maybeDuplicate: false,
  };
  return sender.send(delivery, new AbortController().signal);
}

/** Sends until it has arrived, waiting where a limit asks for it. */
export async function sent(sender: Sender, words: Words): Promise<void> {
  // One delivery, however often it is told to wait.
  const id = newId();
  for (;;) {
    const result = await one(sender, words, id);
    if (result.ok) return void expect(result.messageId).toMatch(/./);
    if (result.failure.kind !== 'rate_limited') throw new Error(`not sent: ${JSON.stringify(result.failure)}`);
    await pause(result.failure.afterMs);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('did not happen within 20 s');
    await pause(10);
  }
}
