import type { Credential, Integration } from '../core/integration.ts';
import type { ApiDeps, Call } from './endpoint.ts';
import { pick } from './fields.ts';

/**
 * The integration's own secrets, but what its platform requires as the bot is run with it: a sibling on the same bot may
 * have got a new token since, and the one stored here is dead then. Secrets of another user are never used, whoever shares
 * the bot.
 */
export async function newestCredential(
  { store, connectors }: ApiDeps,
  { userId }: Call,
  { id, botId, platform }: Integration,
): Promise<Credential | undefined> {
  const [bot] = await store.findListeners({ botId });
  const own = await store.getCredential(userId, id);
  if (!own || !bot?.routes.every((route) => route.userId === userId)) return own;
  const fields = Object.entries(connectors.get(platform)?.credential.shape ?? {});
  const required = fields.filter(([, schema]) => !schema.safeParse(undefined).success).map(([name]) => name);
  return { ...own, ...(pick(bot.credential, required) as Credential) };
}
