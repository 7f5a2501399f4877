import { type Kysely, sql } from 'kysely';
import type { IntegrationId, UserId } from '../../core/ids.ts';
import type { Claim, ClaimConflict } from '../../core/integration-store.ts';
import type { DialectParts } from '../dialect.ts';
import type { ClaimRow, Schema } from '../schema.ts';
import { Refusal } from './refusal.ts';

/** This place stands for the whole bot. */
const WHOLE = '';

interface Claimant {
  readonly id: IntegrationId;
  readonly userId: UserId;
}

export async function reserveClaim(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { id, userId, claim, forMs }: Claimant & { claim: Claim; forMs: number },
): Promise<{ readonly ok: true } | ClaimConflict> {
  const until = sql<number>`${dialect.now} + ${sql.lit(Math.trunc(forMs))}`;
  await claimPlaces(db, dialect, { id, userId }, claim, until);
  // Only reservations are prolonged: what belongs to the integration already must not run out.
  await db
    .updateTable('claims')
    .set({ reserved_until: until })
    .where('integration_id', '=', id)
    .where('platform', '=', claim.platform)
    .where('identity', '=', claim.identity)
    .where('reserved_until', 'is not', null)
    .execute();
  return { ok: true };
}

export async function releaseClaim(db: Kysely<Schema>, _dialect: DialectParts, id: IntegrationId): Promise<void> {
  await db.deleteFrom('claims').where('integration_id', '=', id).where('reserved_until', 'is not', null).execute();
}

/** Makes exactly these places the integration's own, for good; refuses the whole transaction when it cannot. */
export async function holdClaims(
  db: Kysely<Schema>,
  dialect: DialectParts,
  claimant: Claimant,
  claim: Claim,
): Promise<void> {
  await claimPlaces(db, dialect, claimant, claim, null);
  const { platform, identity, places } = claim;
  await db
    .deleteFrom('claims')
    .where('integration_id', '=', claimant.id)
    .where((eb) =>
      eb.not(
        eb.and([
          eb('platform', '=', platform),
          eb('identity', '=', identity),
          places.length > 0 ? eb('place', 'in', [...places]) : sql<boolean>`false`,
        ]),
      ),
    )
    .execute();
  await db.updateTable('claims').set({ reserved_until: null }).where('integration_id', '=', claimant.id).execute();
}

/** Adds what is not held yet; refuses the whole when anything of it is another's. */
async function claimPlaces(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { id, userId }: Claimant,
  { platform, identity, places }: Claim,
  until: ReturnType<typeof sql<number>> | null,
): Promise<void> {
  const wanted = [...new Set(places)].sort();
  const refuseOverlap = async () => {
    const rows = await db
      .selectFrom('claims')
      .selectAll()
      .where('platform', '=', platform)
      .where('identity', '=', identity)
      .where('integration_id', '<>', id)
      .execute();
    const inTheWay = rows.filter(
      (row) => [WHOLE, row.place].some((place) => wanted.includes(place)) || (row.place === WHOLE && wanted.length > 0),
    );
    if (inTheWay.length > 0) throw new Refusal(conflictOf(inTheWay, userId));
  };
  await db
    .deleteFrom('claims')
    .where('platform', '=', platform)
    .where('identity', '=', identity)
    .where('integration_id', '<>', id)
    .where('reserved_until', '<', dialect.now)
    .execute();
  await refuseOverlap();
  if (wanted.length === 0) return;
  await db
    .insertInto('claims')
    .values(
      wanted.map((place) => ({
        platform,
        identity,
        place,
        integration_id: id,
        user_id: userId,
        reserved_until: until,
      })),
    )
    .onConflict((conflict) => conflict.columns(['platform', 'identity', 'place']).doNothing())
    .execute();
  // Somebody may have claimed between the look and the insert, which then waited for them.
  await refuseOverlap();
}

/** A mere reservation is not named: there is no integration to look at yet. */
function conflictOf(rows: readonly ClaimRow[], userId: UserId): ClaimConflict {
  const own = rows.find((row) => row.user_id === userId && row.reserved_until === null);
  return { ok: false, reason: 'claimed', ...(own && { integrationId: own.integration_id }) };
}
