import { type Kysely, sql } from 'kysely';
import type { Health } from '../../core/health.ts';
import type { BotId, IntegrationId, ReplrId, UserId } from '../../core/ids.ts';
import type { IntegrationChange, IntegrationUpdate, NewIntegration } from '../../core/integration-store.ts';
import { defaultOptions } from '../../core/options.ts';
import type { DialectParts } from '../dialect.ts';
import { changedColumns, optionColumns } from '../options.ts';
import { integrationOf, parse } from '../rows.ts';
import type { IntegrationRow, Schema } from '../schema.ts';
import { dropIdleBot, newestCredentialAt, putBot, touchBots } from './bots.ts';
import { holdClaims } from './claims.ts';
import { moveCursors } from './cursors.ts';
import { eraseSettled } from './erase.ts';
import { type Secrets, withHealth } from './integration-queries.ts';
import { Refusal } from './refusal.ts';

/** As handed to the store, with the credential sealed. */
export type SealedIntegration = Omit<NewIntegration, 'credential'> & {
  readonly secrets: Secrets;
  /** Used if the bot is a new one. */
  readonly botId: BotId;
};
export type SealedUpdate = Omit<IntegrationUpdate, 'verified'> & {
  readonly verified?: Omit<NonNullable<IntegrationUpdate['verified']>, 'credential'> & {
    readonly secrets: Secrets;
    readonly botId: BotId;
  };
};

export async function createIntegration(
  db: Kysely<Schema>,
  dialect: DialectParts,
  input: SealedIntegration,
): Promise<IntegrationChange | { readonly ok: false; readonly reason: 'id_taken' }> {
  const { id, userId, replrId, platform, identity, at } = input;
  const taken = await db.selectFrom('integrations').select('id').where('id', '=', id).executeTakeFirst();
  if (taken) return { ok: false, reason: 'id_taken' };
  if (!(await hasReplr(db, userId, replrId))) return { ok: false, reason: 'replr_missing' };
  await holdClaims(db, dialect, { id, userId }, { platform, identity, places: input.claims });
  const botId = await putBot(db, dialect, {
    id: input.botId,
    platform,
    identity,
    profile: JSON.stringify(input.profile),
    health: JSON.stringify({ state: 'connecting', since: at, transport: input.transport } satisfies Health),
  });
  await db
    .insertInto('integrations')
    .values({
      id,
      user_id: userId,
      replr_id: replrId,
      bot_id: botId,
      platform,
      settings: JSON.stringify(input.settings),
      ...optionColumns(input.options ?? defaultOptions),
      secrets: JSON.stringify(input.secrets),
      credential_at: await newestCredentialAt(db, botId, at),
      notices: JSON.stringify(input.notices),
      enabled: 1,
      auto_respond: (input.autoRespond ?? true) ? 1 : 0,
      message_count: 0,
      last_message_at: null,
      connected_at: at,
    })
    .execute();
  await moveCursors(
    db,
    dialect,
    input.cursors.map((cursor) => ({ botId, ...cursor })),
  );
  await dialect.notify(db, [botId]);
  return changed(db, userId, id, [botId]);
}

export async function updateIntegration(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { userId, id, update }: { userId: UserId; id: IntegrationId; update: SealedUpdate },
): Promise<IntegrationChange> {
  const row = await db
    .selectFrom('integrations')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) return { ok: false, reason: 'missing' };
  if (update.replrId !== undefined && !(await hasReplr(db, userId, update.replrId))) {
    return { ok: false, reason: 'replr_missing' };
  }
  if (update.verified) await claimVerified(db, dialect, row, update.verified);
  await touchBots(db, dialect, [row.bot_id]);
  const botId = update.verified ? await verifiedBot(db, dialect, row, update.verified, update.at) : row.bot_id;
  const options = update.options && changedColumns(await optionsHeld(db, dialect, row), update.options);
  const columns: Partial<IntegrationRow> = {
    bot_id: botId,
    ...(update.enabled !== undefined && { enabled: update.enabled ? 1 : 0 }),
    ...(update.autoRespond !== undefined && { auto_respond: update.autoRespond ? 1 : 0 }),
    ...(update.replrId !== undefined && { replr_id: update.replrId }),
    ...(update.settings !== undefined && { settings: JSON.stringify(update.settings) }),
    ...options,
    ...(update.verified && {
      secrets: JSON.stringify(update.verified.secrets),
      credential_at: await newestCredentialAt(db, botId, update.at),
      notices: JSON.stringify(update.verified.notices),
    }),
  };
  const updated = await db
    .updateTable('integrations')
    .set(columns)
    .where('id', '=', id)
    .where('bot_id', '=', row.bot_id)
    .returning('store_content')
    .executeTakeFirst();
  // Deleted or moved since we looked.
  if (!updated) throw new Refusal<IntegrationChange>({ ok: false, reason: 'missing' });
  if (update.cursors) {
    await moveCursors(
      db,
      dialect,
      update.cursors.map((cursor) => ({ botId, ...cursor })),
    );
  }
  const bots = [...new Set([row.bot_id, botId])];
  if (botId !== row.bot_id) {
    await dialect.notify(db, [botId]);
    await leaveBot(db, row, update.at);
  }
  if (updated.store_content === 0) await eraseSettled(db, dialect, { integrationId: id });
  return changed(db, userId, id, bots);
}

/** Read anew under a lock: another node may have changed them while the bot's row was waited for. */
async function optionsHeld(db: Kysely<Schema>, dialect: DialectParts, row: IntegrationRow) {
  const held = await db
    .selectFrom('integrations')
    .select(['options', 'store_content'])
    .where('id', '=', row.id)
    .modifyEnd(dialect.forNoKeyUpdate)
    .executeTakeFirst();
  return held ?? row;
}

type Verified = NonNullable<SealedUpdate['verified']>;

async function claimVerified(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { id, user_id, platform }: IntegrationRow,
  { identity, claims }: Verified,
): Promise<void> {
  await holdClaims(db, dialect, { id, userId: user_id }, { platform, identity, places: claims });
}

async function verifiedBot(
  db: Kysely<Schema>,
  dialect: DialectParts,
  row: IntegrationRow,
  verified: Verified,
  at: number,
): Promise<BotId> {
  const old = await db.selectFrom('bots').select('health').where('id', '=', row.bot_id).executeTakeFirstOrThrow();
  const { transport } = parse<Health>(old.health);
  return await putBot(db, dialect, {
    id: verified.botId,
    platform: row.platform,
    identity: verified.identity,
    profile: JSON.stringify(verified.profile),
    health: JSON.stringify({ state: 'connecting', since: at, transport } satisfies Health),
  });
}

/** The integration has another identity now: what the old one still owed can no longer be said. */
async function leaveBot(db: Kysely<Schema>, row: IntegrationRow, at: number): Promise<void> {
  const reason = 'identity_changed';
  const waiting = db
    .selectFrom('messages')
    .select('seq')
    .where('integration_id', '=', row.id)
    .where('fate_kind', 'is', null);
  await db
    .updateTable('deliveries')
    .set({ state: 'failed', reason })
    .where('inbox_seq', 'in', waiting)
    .where('state', 'in', [sql.lit('pending' as const), sql.lit('sending' as const)])
    .execute();
  await db
    .updateTable('messages')
    .set((eb) => ({
      fate_kind: eb.fn.coalesce('notice_kind', sql.lit('failed' as const)),
      fate_reason: eb.fn.coalesce('notice_reason', sql.val(reason)),
      fate_at: at,
    }))
    .where('seq', 'in', waiting)
    .execute();
  await dropIdleBot(db, row.bot_id);
}

async function hasReplr(db: Kysely<Schema>, userId: UserId, id: ReplrId): Promise<boolean> {
  const row = await db
    .selectFrom('replrs')
    .select('id')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row !== undefined;
}

async function changed(
  db: Kysely<Schema>,
  userId: UserId,
  id: IntegrationId,
  bots: readonly BotId[],
): Promise<IntegrationChange> {
  const row = await withHealth(db, userId).where('integrations.id', '=', id).executeTakeFirstOrThrow();
  return { ok: true, integration: integrationOf(row), bots };
}

export async function deleteIntegration(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { userId, id }: { userId: UserId; id: IntegrationId },
): Promise<{ readonly ok: boolean; readonly bots: readonly BotId[] }> {
  const row = await db
    .selectFrom('integrations')
    .select('bot_id')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) return { ok: false, bots: [] };
  await db.deleteFrom('claims').where('integration_id', '=', id).execute();
  await touchBots(db, dialect, [row.bot_id]);
  // Messages and their deliveries go with it: their foreign keys cascade.
  const gone = await db
    .deleteFrom('integrations')
    .where('id', '=', id)
    .where('bot_id', '=', row.bot_id)
    .returning('id')
    .executeTakeFirst();
  // Deleted or moved since we looked.
  if (!gone) throw new Refusal({ ok: false, bots: [] });
  await dropIdleBot(db, row.bot_id);
  return { ok: true, bots: [row.bot_id] };
}
