import { z } from 'zod';
import type { Connector } from '../../src/core/connector.ts';
import type { Hook } from '../../src/core/hook.ts';
import type { Integration } from '../../src/core/integration.ts';
import type { InboundMessage, Place } from '../../src/core/message.ts';
import type { Process } from '../world/process.ts';
import type { Weather } from '../world/weather.ts';
import type { Platform, Post } from './platform.ts';
import { pull } from './receiver.ts';
import { senderOn } from './sender.ts';

/** Everything a connector does, on a platform that is in memory. `a|b` is an answer of two parts, an empty one of none. */
export function connectorOn(platform: Platform, process: Process, weather: Weather, eager = false): Connector {
  return {
    platform: platform.manner,
    title: platform.manner,
    apiUrl: 'http://platform.invalid',
    credential: z.object({ bot_token: z.string() }),
    settings: z.object({ channel_ids: z.array(z.string()).optional() }),
    secretShapes: [],
    updatable: ['channel_ids'],
    limits: { textLength: 4_000 },
    verify: async () => ({ ok: false, kind: 'unavailable', message: 'the simulation asks the platform itself' }),
    listens,
    testPlace: () => undefined,
    render: async (text) =>
      text
        .split('|')
        .filter((part) => part !== '')
        .map((part) => ({ text: part })),
    hook,
    receiver: ({ identity }, credential, port) => ({
      run: (signal) => pull(platform, process, weather, identity, credential['bot_token'] ?? '', port, signal, eager),
    }),
    sender: ({ identity }, credential) => senderOn(platform, process, weather, identity, credential['bot_token'] ?? ''),
  };
}

function listens({ settings }: Pick<Integration, 'settings'>, at: Place): boolean {
  const listed = settings['channel_ids'];
  return !Array.isArray(listed) || listed.includes(at.channel);
}

/** Where listening to a channel began, or to all: what was posted up to there is not heard, whichever way it comes. */
export const floorName = (channel: string) => `from:${channel}`;
const EVERYWHERE = floorName('');

export function floorOf(floors: ReadonlyMap<string, string>, channel: string): number {
  return Math.max(Number(floors.get(EVERYWHERE) ?? 0), Number(floors.get(floorName(channel)) ?? 0));
}

export function heard(posts: readonly Post[], floors: ReadonlyMap<string, string>): InboundMessage[] {
  return posts
    .filter((post) => post.n > floorOf(floors, post.at.channel))
    .map((post) => ({
      id: `m${post.n}`,
      at: post.at,
      author: { id: 'u1', name: 'Ada', kind: 'person' },
      text: post.text,
      sentAt: post.sentAt,
      addressed: true,
    }));
}

const hook: Hook = {
  plausible: () => true,
  open: ({ body }) => ({ kind: 'event', event: JSON.parse(Buffer.from(body).toString()) }),
  read: (event, { cursors }) => ({ messages: heard([event as Post], cursors), cursors: [] }),
};
