import type { Kysely } from 'kysely';
import type { Target } from '../../core/hook.ts';
import type { BotId, IntegrationId, NodeId, UserId } from '../../core/ids.ts';
import type { Bot, Integration } from '../../core/integration.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, type Slots } from '../hot.ts';
import { integrationOf, parse } from '../rows.ts';
import type { BotRow, IntegrationRow, Schema } from '../schema.ts';
import { cursorsOf } from './cursors.ts';

/** As `Listener`, with the credential still sealed. */
export interface SealedListener {
  readonly bot: Bot;
  readonly sealed: readonly Sealed[];
  readonly routes: readonly Integration[];
  readonly cursors: ReadonlyMap<string, string>;
}

/** The secrets of one integration, with the names that their seal is bound to. */
export interface Sealed {
  readonly userId: UserId;
  readonly integrationId: IntegrationId;
  readonly secrets: Readonly<Record<string, string>>;
}

export const botOf = (row: BotRow): Bot => ({
  id: row.id,
  platform: row.platform,
  identity: row.identity,
  profile: parse(row.profile),
});

/** The secrets of a bot's integrations, those verified last first. */
export function secretsOf(integrations: readonly IntegrationRow[]): readonly Sealed[] {
  return integrations
    .toSorted((a, b) => b.credential_at - a.credential_at)
    .map((row) => ({ userId: row.user_id, integrationId: row.id, secrets: parse(row.secrets) }));
}

export const integrationsOf = (db: Kysely<Schema>, botId: BotId) =>
  db.selectFrom('integrations').selectAll().where('bot_id', '=', botId).orderBy('connected_at').orderBy('id').execute();

export async function findListeners(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  target: Target,
): Promise<SealedListener[]> {
  const all = db.selectFrom('bots').selectAll().orderBy('id');
  const wanted =
    'botId' in target
      ? all.where('id', '=', target.botId)
      : 'identity' in target
        ? all.where('platform', '=', target.platform).where('identity', '=', target.identity)
        : all.where('platform', '=', target.platform).where('scope', '=', target.scope);
  const found: SealedListener[] = [];
  for (const bot of await wanted.execute()) {
    const integrations = await integrationsOf(db, bot.id);
    const sealed = secretsOf(integrations);
    if (sealed.length === 0) continue;
    found.push({
      bot: botOf(bot),
      sealed,
      routes: integrations.map((row) => integrationOf({ ...row, identity: bot.identity, health: bot.health })),
      cursors: await cursorsOf(db, bot.id),
    });
  }
  return found;
}

/** The share of an identity that several bots have in common: what stands before its first slash. */
export function scopeOf(identity: string): string | null {
  const end = identity.indexOf('/');
  return end < 0 ? null : identity.slice(0, end);
}

const selectArrivals = hot((db, { value }: Slots<NodeId>) =>
  db
    .selectFrom('messages')
    .innerJoin('bots', 'bots.id', 'messages.bot_id')
    .select('messages.bot_id as botId')
    .distinct()
    .where('messages.arrived', '=', 1)
    .where('messages.fate_kind', 'is', null)
    .where(
      'bots.owner',
      '=',
      value((node) => node),
    )
    .orderBy('messages.bot_id'),
);

export async function arrivals(db: Kysely<Schema>, dialect: DialectParts, node: NodeId): Promise<BotId[]> {
  return (await selectArrivals(db, dialect, node)).map(({ botId }) => botId);
}
