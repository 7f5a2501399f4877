import { afterAll, beforeAll } from 'vitest';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { slack } from '../../src/connectors/slack/connector.ts';
import { slackWorld } from '../support/slack-world.ts';
import { connectorContract } from './connector.ts';

let pool: Pool;
beforeAll(() => {
  pool = createPool();
});
afterAll(() => pool.close());

connectorContract('slack by polling', {
  connector: slack,
  world: () => slackWorld(pool, 'polling'),
  skip: { 'acknowledges only what has been accepted': 'the platform is never told what of its history was read' },
});

connectorContract('slack by Socket Mode', {
  connector: slack,
  world: () => slackWorld(pool, 'socket'),
  skip: {
    'ends when the credential is dead, and leaves the platform alone':
      'a socket does not use the bot token; that it is dead is told by an event, on which the runtime acts',
  },
});
