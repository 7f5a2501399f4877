import { randomBytes } from 'node:crypto';
import type { Method, Outcome } from './call.ts';
import { deleteMessage, postMessage, update } from './chat.ts';
import { info, join, list, open, own } from './conversations.ts';
import { history, replies } from './history.ts';
import { botInfo, teamInfo, userInfo, whoAmI } from './people.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import type { App } from './world.ts';

/** With a bot's token. */
export const methods: Readonly<Record<string, Method>> = {
  'auth.test': whoAmI,
  'bots.info': botInfo,
  'chat.delete': deleteMessage,
  'chat.postMessage': postMessage,
  'chat.update': update,
  'conversations.history': history,
  'conversations.info': info,
  'conversations.join': join,
  'conversations.list': list,
  'conversations.open': open,
  'conversations.replies': replies,
  'team.info': teamInfo,
  'users.conversations': own,
  'users.info': userInfo,
};

/** The one with an app's token. */
export const socketMethod = 'apps.connections.open';

/** An address for one connection; its ticket works once [S2]. */
export function openConnection(scene: Scene, app: App): Outcome {
  if (!app.socketMode) throw new Refusal('forbidden_team');
  const ticket = randomBytes(18).toString('hex');
  scene.tickets.set(ticket, app.id);
  const base = scene.settings.socketUrl ?? `ws://127.0.0.1:${scene.port}/link`;
  return { url: `${base}/?ticket=${ticket}&app_id=${app.id}` };
}
