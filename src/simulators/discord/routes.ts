import type { Handler } from './call.ts';
import {
  getActiveThreads,
  getApplication,
  getChannel,
  getGatewayBot,
  getGuild,
  getGuildChannels,
  getGuildMember,
  getGuildRoles,
  getMe,
  getMessage,
  getMessages,
} from './reads.ts';
import { createMessage, deleteMessage, editMessage, startTyping } from './writes.ts';

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Names the rate-limit bucket; the id after it in the path is its top-level resource [D2]. */
  readonly name: string;
  readonly handler: Handler;
}

function route(method: string, template: string, name: string, handler: Handler): Route {
  const path = new RegExp(`^${template.replaceAll('{id}', '([^/]+)')}$`);
  return { method, path, name: `${method} ${name}`, handler };
}

export const routes: readonly Route[] = [
  route('GET', '/users/@me', 'me', getMe),
  route('GET', '/applications/@me', 'application', getApplication),
  route('GET', '/oauth2/applications/@me', 'application', getApplication),
  route('GET', '/gateway/bot', 'gateway', getGatewayBot),
  route('GET', '/guilds/{id}', 'guild', getGuild),
  route('GET', '/guilds/{id}/channels', 'channels', getGuildChannels),
  route('GET', '/guilds/{id}/roles', 'roles', getGuildRoles),
  route('GET', '/guilds/{id}/members/{id}', 'member', getGuildMember),
  route('GET', '/guilds/{id}/threads/active', 'threads', getActiveThreads),
  route('GET', '/channels/{id}', 'channel', getChannel),
  route('GET', '/channels/{id}/messages', 'messages', getMessages),
  route('GET', '/channels/{id}/messages/{id}', 'message', getMessage),
  route('POST', '/channels/{id}/messages', 'messages', createMessage),
  route('PATCH', '/channels/{id}/messages/{id}', 'message', editMessage),
  route('DELETE', '/channels/{id}/messages/{id}', 'message', deleteMessage),
  route('POST', '/channels/{id}/typing', 'typing', startTyping),
];

export interface Match {
  readonly route: Route;
  readonly ids: readonly string[];
}

/** `wrong-method`: the path exists, but not for this. */
export function findRoute(method: string, path: string): Match | 'wrong-method' | undefined {
  let exists = false;
  for (const route of routes) {
    const found = route.path.exec(path);
    if (!found) continue;
    if (route.method === method) return { route, ids: found.slice(1) };
    exists = true;
  }
  return exists ? 'wrong-method' : undefined;
}
