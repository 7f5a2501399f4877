import { type ExpressionBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Health } from '../../core/health.ts';
import type { BotId, NodeId } from '../../core/ids.ts';
import type { Bot, Route } from '../../core/integration.ts';
import type { OwnedVersion } from '../../core/store.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, hotWrite, type Slots } from '../hot.ts';
import { integrationOf, replrOf } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { botOf, integrationsOf, type Sealed, secretsOf } from './listeners.ts';

const beat = hotWrite((db, { value }: Slots<NodeId>, dialect) =>
  db
    .insertInto('nodes')
    .values({ id: value((node) => node), heartbeat_at: dialect.now })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ heartbeat_at: dialect.now })),
);

interface Hold {
  readonly node: NodeId;
  readonly ttlMs: number;
  readonly take: number;
}

const takeFree = hotWrite((db, { value }: Slots<Hold>, dialect) =>
  db
    .updateTable('bots')
    .set((eb) => ({ owner: value(({ node }) => node), epoch: eb('epoch', '+', 1), changed_at: dialect.now }))
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('bots')
        .select('bots.id')
        .where((inner) =>
          free(
            inner,
            dialect,
            value(({ ttlMs }) => Math.trunc(ttlMs)),
          ),
        )
        .orderBy('bots.id')
        .limit(value(({ take }) => take))
        .modifyEnd(dialect.forUpdateOfBotsSkipLocked),
    ),
);

const selectOwned = hot((db, { value }: Slots<NodeId>) =>
  db
    .selectFrom('bots')
    .select(['id as botId', 'epoch', 'version'])
    .where(
      'owner',
      '=',
      value((node) => node),
    ),
);

export async function holdBots(db: Kysely<Schema>, dialect: DialectParts, hold: Hold): Promise<OwnedVersion[]> {
  await beat(db, dialect, hold.node);
  await takeFree(db, dialect, hold);
  return await selectOwned(db, dialect, hold.node);
}

export async function takeBot(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { node, ttlMs, botId }: { node: NodeId; ttlMs: number; botId: BotId },
): Promise<OwnedVersion | undefined> {
  await beat(db, dialect, node);
  await db
    .updateTable('bots')
    .set((eb) => ({ owner: node, epoch: eb('epoch', '+', 1), changed_at: dialect.now }))
    .where('id', '=', botId)
    .where((eb) => free(eb, dialect, sql.lit(Math.trunc(ttlMs))))
    .execute();
  return await db
    .selectFrom('bots')
    .select(['id as botId', 'epoch', 'version'])
    .where('owner', '=', node)
    .where('id', '=', botId)
    .executeTakeFirst();
}

/**
 * Has something to serve and no live owner. The caller's own heartbeat is fresh, so its own bots are not free. Of a bot that
 * another node has just taken, an engine with row locks shows the new owner beside heartbeats as they were before: an owner
 * without a heartbeat is therefore one that has just come, not one that is gone. Nodes that own bots keep their row.
 */
const free = (eb: ExpressionBuilder<Schema, 'bots'>, dialect: DialectParts, ttlMs: RawBuilder<number>) =>
  eb.and([
    eb.exists(
      eb.selectFrom('integrations').select(sql.lit(1).as('one')).whereRef('integrations.bot_id', '=', 'bots.id'),
    ),
    eb.or([
      eb('bots.owner', 'is', null),
      eb.exists(
        eb
          .selectFrom('nodes')
          .select(sql.lit(1).as('one'))
          .whereRef('nodes.id', '=', 'bots.owner')
          .where('nodes.heartbeat_at', '<', sql<number>`${dialect.now} - ${ttlMs}`),
      ),
    ]),
  ]);

/** As `OwnedBot`, with the credential still sealed and the names that its seal is bound to. */
export interface SealedBot {
  readonly bot: Bot;
  readonly owner: NodeId;
  readonly epoch: number;
  readonly version: number;
  readonly sealed: readonly Sealed[];
  readonly routes: readonly Route[];
}

export async function loadBot(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { node, botId }: { node: NodeId; botId: BotId },
): Promise<SealedBot | undefined> {
  const bot = await db
    .selectFrom('bots')
    .selectAll()
    .where('id', '=', botId)
    .where('owner', '=', node)
    .executeTakeFirst();
  if (!bot) return undefined;
  const integrations = await integrationsOf(db, botId);
  const sealed = secretsOf(integrations);
  if (sealed.length === 0) return undefined;
  const replrs = await db
    .selectFrom('replrs')
    .selectAll()
    .where('id', 'in', (eb) => eb.selectFrom('integrations').select('replr_id').where('bot_id', '=', botId))
    .execute();
  const replrById = new Map(replrs.map((row) => [row.id, replrOf(row)]));
  return {
    bot: botOf(bot),
    owner: node,
    epoch: bot.epoch,
    version: bot.version,
    sealed,
    routes: integrations.flatMap((row) => {
      const replr = replrById.get(row.replr_id);
      return replr
        ? [{ integration: integrationOf({ ...row, identity: bot.identity, health: bot.health }), replr }]
        : [];
    }),
  };
}

export async function releaseBots(db: Kysely<Schema>, dialect: DialectParts, node: NodeId): Promise<void> {
  const own = db.selectFrom('bots').select('id').where('owner', '=', node).orderBy('id').modifyEnd(dialect.forUpdate);
  await own.execute();
  await db.updateTable('bots').set({ owner: null }).where('owner', '=', node).execute();
  await db.deleteFrom('leases').where('owner', '=', node).execute();
  await db.deleteFrom('nodes').where('id', '=', node).execute();
}

/** Where one process is alone with the store, whoever owned a bot before it is gone. */
export async function forgetNodes(db: Kysely<Schema>): Promise<void> {
  await db.updateTable('bots').set({ owner: null }).where('owner', 'is not', null).execute();
  await db.deleteFrom('leases').execute();
  await db.deleteFrom('nodes').execute();
}

export async function reportHealth(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { botId, epoch, health }: { botId: BotId; epoch: number; health: Health },
): Promise<void> {
  await db
    .updateTable('bots')
    .set({ health: JSON.stringify(health) })
    .where('id', '=', botId)
    .where('epoch', '=', epoch)
    .execute();
}
