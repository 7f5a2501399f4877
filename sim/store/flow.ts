import { deliveryMoves } from '../../src/core/delivery.ts';
import {
  type Composed,
  type ComposeResult,
  type FlowStore,
  MAX_OVERHEARD,
  type Settled,
  type TurnDue,
} from '../../src/core/flow-store.ts';
import { conversationKey, type Place, roomOf } from '../../src/core/message.ts';
import type { HistoryEntry } from '../../src/core/responder.ts';
import { listenersOf } from './listeners.ts';
import { deliveryOf, erase, keyOf, type MessageRow, type PartRow, type Tables, turnDueOf } from './tables.ts';

/** The three commits and what recovers them, as their doc comments say. */
export function flowOn(tables: Tables): FlowStore {
  const fenced = (botId: TurnDue['botId'], epoch: number) => {
    const bot = tables.bots.get(botId);
    return bot !== undefined && bot.epoch !== epoch;
  };

  return {
    async accept({ botId, epoch, messages, cursors, at }) {
      const bot = tables.bots.get(botId);
      if (!bot || (epoch !== null && epoch !== bot.epoch)) return { ok: false, reason: 'fenced' };
      storable(at);
      for (const { value } of cursors) if (value !== null && typeof value !== 'string') throw new Error('not a text');
      for (const { message } of messages) storable(message.sentAt);
      const due: TurnDue[] = [];
      const stored: string[] = [];
      let told = false;
      for (const { integrationId, conversation, message, fate, overheard } of messages) {
        const key = keyOf(botId, message.id);
        const integration = tables.integrations.get(integrationId);
        if (tables.known.has(key) || !integration) continue;
        const kept = fate !== null && overheard === true && integration.options.storeContent;
        const row: MessageRow = {
          seq: tables.nextSeq(),
          botId,
          integrationId,
          conversation,
          message: fate ? withoutQuote({ ...message, text: kept ? message.text : '' }) : message,
          receivedAt: at,
          counted: fate === null,
          due: fate === null,
          overheard: kept,
          arrived: epoch === null,
          fate,
          notice: null,
          parts: [],
        };
        tables.messages.set(row.seq, row);
        tables.known.set(key, row);
        stored.push(message.id);
        if (kept) tables.forgetOverheard(integrationId, conversation);
        if (fate) continue;
        tables.open.set(row.seq, row);
        tables.count(integrationId, at);
        if (epoch === null) told = true;
        else due.push(turnDueOf(row));
      }
      tables.moveCursors(botId, cursors);
      if (told) tables.notify([botId]);
      return { ok: true, due, stored };
    },

    async compose(composed) {
      const refuse = (reason: 'fenced' | 'paused' | 'gone' | 'settled'): ComposeResult => ({ ok: false, reason });
      if (fenced(composed.botId, composed.epoch)) return refuse('fenced');
      storable(composed.at);
      const row = tables.messages.get(composed.seq);
      if (!row || !tables.bots.has(composed.botId)) return refuse('gone');
      if (row.botId !== composed.botId || row.integrationId !== composed.integrationId) return refuse('gone');
      if (row.fate !== null) return refuse('settled');
      if (row.parts.length > 0) return repeated(composed, row.parts) ?? refuse('settled');
      if (!tables.integrations.get(row.integrationId)?.enabled) {
        tables.decide(row, { kind: 'ignored', reason: 'paused' });
        return refuse('paused');
      }
      row.parts = partsOf(composed);
      if (row.parts.length > 0) row.notice = composed.notice ?? null;
      for (const part of row.parts) tables.parts.set(part.id, { message: row, part });
      return { ok: true, deliveries: row.parts.map(deliveryOf) };
    },

    async settle(settled) {
      if (!tables.bots.has(settled.botId)) return 'ok';
      if (fenced(settled.botId, settled.epoch)) return 'fenced';
      storable(settled.at);
      settle(tables, settled);
      return 'ok';
    },

    async recover(botId, epoch) {
      const bot = tables.bots.get(botId);
      if (bot?.epoch !== epoch) return 'fenced';
      const open = [...tables.open.values()].filter((row) => row.botId === botId);
      return {
        deliveries: open.flatMap(({ conversation, notice, parts }) =>
          parts
            .filter(unfinished)
            .map((part) => ({ conversation, delivery: deliveryOf(part), ...(notice && { notice }) })),
        ),
        turns: open.filter((row) => row.parts.length === 0).map(turnDueOf),
        cursors: new Map(bot.cursors),
      };
    },

    async adopt(botId, epoch) {
      const bot = tables.bots.get(botId);
      if (bot?.epoch !== epoch) return 'fenced';
      const taken = [...tables.open.values()].filter((row) => row.botId === botId && row.arrived);
      for (const row of taken) row.arrived = false;
      return { turns: taken.map(turnDueOf), cursors: new Map(bot.cursors) };
    },

    findListeners: async (target) => listenersOf(tables, target),

    async history(integrationId, conversation, seq, limit) {
      const integration = tables.integrations.get(integrationId);
      const replr = integration && tables.replrs.get(integration.replrId);
      if (!replr || !integration.options.storeContent) return [];
      const before = tables.messagesOf(integrationId).filter((row) => row.seq < seq);
      const heard = before.filter((row) => row.conversation === conversation && row.due);
      const due = heard.slice(-limit);
      const oldest = due.length < limit ? 0 : (due[0]?.seq ?? 0);
      const overheard = (where: string) =>
        before.filter((row) => row.overheard && row.conversation === where && row.seq > oldest).slice(-MAX_OVERHEARD);
      const told = [...due, ...overheard(conversation), ...overheard(roomOf(conversation))].sort(
        (a, b) => a.seq - b.seq,
      );
      return told.flatMap(({ message, notice, parts }): HistoryEntry[] => {
        const said: HistoryEntry = {
          from: 'person',
          name: message.author.name,
          text: message.text,
          at: message.sentAt,
        };
        const sent = parts.filter((part) => part.state !== 'failed' && part.operation !== 'delete');
        const [first] = sent;
        if (!first || notice) return [said];
        const text = sent.map((part) => part.part.text).join('\n');
        return [said, { from: 'replr', name: replr.name, text, at: first.createdAt }];
      });
    },

    async forget(integrationId, where, seq) {
      for (const row of tables.messagesOf(integrationId)) {
        const there =
          'channel' in where ? row.message.at.channel === where.channel : row.conversation === where.conversation;
        if (!there || row.seq >= seq) continue;
        if (row.fate !== null) erase(row);
        // What has no outcome yet is gone for whoever looks, and is erased with its outcome.
        else row.due = false;
      }
    },

    async spend(spendings) {
      for (const { tokens } of spendings) storable(tokens);
      for (const { integrationId, person, day, tokens } of spendings) {
        const userId = tables.integrations.get(integrationId)?.userId;
        if (userId === undefined) continue;
        const ofUser = tables.userUsage.get(`${userId} ${day}`) ?? { day, tokens: 0 };
        ofUser.tokens += tokens;
        tables.userUsage.set(`${userId} ${day}`, ofUser);
        const key = JSON.stringify([integrationId, person, day]);
        const row = tables.usage.get(key) ?? { integrationId, person, day, tokens: 0 };
        row.tokens += tokens;
        tables.usage.set(key, row);
      }
    },

    async spent(integrationId, person, day) {
      const userId = tables.integrations.get(integrationId)?.userId;
      const today = [...tables.usage.values()].filter((row) => row.day === day);
      const own = today.filter((row) => row.integrationId === integrationId);
      const sum = (rows: typeof today) => rows.reduce((total, { tokens }) => total + tokens, 0);
      return {
        person: sum(own.filter((row) => row.person === person)),
        integration: sum(own),
        user: tables.userUsage.get(`${userId} ${day}`)?.tokens ?? 0,
      };
    },

    async lastPlace(integrationId) {
      const botId = tables.integrations.get(integrationId)?.botId;
      const rows = [...tables.messages.values()].filter((row) => row.integrationId === integrationId);
      return rows.findLast((row) => row.botId === botId)?.message.at;
    },

    async moveChannel({ botId, epoch, from, to, settings }) {
      const bot = tables.bots.get(botId);
      if (!bot || (epoch !== null && epoch !== bot.epoch)) return 'fenced';
      bot.version++;
      if (epoch === null) tables.notify([botId]);
      for (const row of tables.messages.values()) {
        if (row.botId !== botId) continue;
        if (row.message.at.channel === from) {
          const { thread } = row.message.at;
          const at: Place = { ...row.message.at, channel: to };
          row.message = { ...row.message, at };
          row.conversation = conversationKey(row.integrationId, {
            channel: to,
            ...(thread !== undefined && { thread }),
          });
        }
        for (const part of row.parts) {
          if (unfinished(part) && part.to.channel === from) part.to = { ...part.to, channel: to };
        }
      }
      for (const change of settings) {
        const row = tables.integrations.get(change.integrationId);
        if (row?.botId === botId) row.settings = change.settings;
      }
      return 'ok';
    },
  };
}

function settle(tables: Tables, { botId, at, change }: Settled): void {
  if (change.kind === 'fate') {
    storable(change.seq);
    const row = tables.messages.get(change.seq);
    if (row?.botId !== botId || !tables.decide(row, change.fate)) return;
    for (const part of row.parts) fail(part);
    return;
  }
  const found = tables.parts.get(change.delivery);
  if (found?.message.botId !== botId) return;
  const { message, part } = found;
  switch (change.kind) {
    case 'sending':
      if (part.state !== 'sending' && !mayBecome(part, 'sending')) return;
      part.state = 'sending';
      part.attempts = change.attempts;
      if (change.maybeDuplicate) part.maybeDuplicate = true;
      return;
    case 'postponed':
      if (part.state !== 'pending' && !mayBecome(part, 'pending')) return;
      part.state = 'pending';
      part.attempts = change.attempts;
      part.nextAttemptAt = change.nextAttemptAt;
      return;
    case 'failed':
      if (!mayBecome(part, 'failed')) return;
      part.attempts = change.attempts;
      for (const later of message.parts) if (later.index >= part.index) fail(later);
      tables.decide(message, message.notice ?? { kind: 'failed', reason: change.reason });
      return;
    case 'delivered': {
      if (!mayBecome(part, 'delivered')) return;
      part.state = 'delivered';
      part.messageId = change.messageId;
      part.attempts = change.attempts;
      if (change.maybeDuplicate) part.maybeDuplicate = true;
      const next = message.parts.find((other) => other.state === 'pending');
      if (next) next.state = 'sending';
      else if (message.parts.every((other) => other.state === 'delivered')) {
        const decided = tables.decide(message, message.notice ?? { kind: 'answered' });
        if (decided && !message.notice) tables.count(message.integrationId, at);
      }
    }
  }
}

const unfinished = (part: PartRow) => part.state === 'pending' || part.state === 'sending';
const mayBecome = (part: PartRow, state: PartRow['state']) => deliveryMoves[part.state].includes(state);

function fail(part: PartRow): void {
  if (mayBecome(part, 'failed')) part.state = 'failed';
}

function withoutQuote({ quote: _, ...message }: MessageRow['message']): MessageRow['message'] {
  return message;
}

/** The very same answer once more: its first commit succeeded, but the caller was never told, so nothing was sent yet. */
function repeated({ parts }: Composed, stored: readonly PartRow[]): ComposeResult | undefined {
  const same = stored.length === parts.length && stored.every((part, index) => part.id === parts[index]?.id);
  return same ? { ok: true, deliveries: stored.map(deliveryOf) } : undefined;
}

const partsOf = (composed: Composed): PartRow[] =>
  composed.parts.map(({ id, part }, index) => ({
    id,
    botId: composed.botId,
    integrationId: composed.integrationId,
    inboxSeq: composed.seq,
    to: composed.to,
    ...(index === 0 && composed.replyTo !== undefined && { replyTo: composed.replyTo }),
    part,
    index,
    operation: 'create',
    revision: 0,
    state: index === 0 ? 'sending' : 'pending',
    attempts: 0,
    nextAttemptAt: composed.at,
    createdAt: composed.at,
    maybeDuplicate: false,
  }));

/** What no column of a database takes. */
function storable(value: number): void {
  if (!Number.isSafeInteger(value)) throw new Error('not an integer');
}
