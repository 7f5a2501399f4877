import type { Credential, Integration } from '../core/integration.ts';
import type { ApiDeps, Call } from './endpoint.ts';

/**
 * What the bot is run with: a sibling on the same bot may have got a new token since, and the one stored with this
 * integration is dead then. Secrets of another user are never used, whoever shares the bot.
 */
export async function newestCredential(
  { store }: ApiDeps,
  { userId }: Call,
  { id, botId }: Integration,
): Promise<Credential | undefined> {
  const [bot] = await store.findListeners({ botId });
  const own = bot?.routes.every((route) => route.userId === userId) === true;
  return own ? bot.credential : await store.getCredential(userId, id);
}
