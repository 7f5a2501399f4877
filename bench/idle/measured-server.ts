/** Imported ahead of the server: lets the bench ask it for its memory. The server knows nothing of it. */
import { isMainThread } from 'node:worker_threads';
import type { Connector } from '../../src/core/connector.ts';
import { memoryActions } from './memory.ts';
import { obey } from './remote.ts';

// The store's worker imports it, too.
if (isMainThread) {
  const { connectors } = await import('../../src/connectors/registry.ts');
  if (!connectors.some(({ platform }) => platform === 'discord')) {
    const { discord } = await import('../../src/connectors/discord/connector.ts');
    (connectors as Connector[]).push(discord);
  }
  obey(memoryActions);
  // A server that has stopped is to end as it would without us.
  process.channel?.unref();
}
