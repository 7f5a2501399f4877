import { ring } from '../shared/bell.ts';
import { deliver } from './delivery.ts';
import { type LedgerEvent, record } from './ledger.ts';
import type { Scene } from './scene.ts';
import type { App, Channel, Install, Message, Workspace } from './world.ts';

export interface Happening {
  /** As in the app's subscriptions: `message.channels`, `app_mention`. */
  readonly name: string;
  /** Only bots that are in it are told. */
  readonly channel?: Channel;
  /** Only this app is told. */
  readonly only?: string;
  readonly message?: Message;
  readonly event: Readonly<Record<string, unknown>>;
}

const keptBodies = 1000;

const scopes: Readonly<Record<string, string>> = {
  app_mention: 'app_mentions:read',
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  'message.im': 'im:history',
  'message.mpim': 'mpim:history',
};

/** Tells every app of the workspace that subscribed to it, may see it and is there. */
export function emit(scene: Scene, workspace: Workspace, happening: Happening): void {
  const { name, channel, only } = happening;
  const scope = scopes[name];
  for (const install of scene.world.installs.values()) {
    if (install.workspace !== workspace || install.removed || !install.app.events.has(name)) continue;
    if (only !== undefined && install.app.id !== only) continue;
    if (channel && !channel.members.has(install.user.id)) continue;
    if (scope === undefined || install.scopes.has(scope)) tellApp(scene, install, happening);
  }
}

/** The same without asking whether the app is still there: it is told of its own end. */
export function tellApp(scene: Scene, install: Install, { event, message }: Happening): LedgerEvent {
  const { ledger, clock } = scene;
  const { app, workspace } = install;
  const number = ++scene.lastEvent;
  const said = message && String(event['text'] ?? '');
  const entry: LedgerEvent = {
    event_id: `Ev0${(60_466_176 + number).toString(36).toUpperCase()}`,
    type: String(event['type']),
    subtype: event['subtype'] === undefined ? undefined : String(event['subtype']),
    app_id: app.id,
    team_id: workspace.id,
    channel: event['channel'] === undefined ? undefined : String(event['channel']),
    ts: event['ts'] === undefined ? undefined : String(event['ts']),
    text: said,
    by_person: message?.user !== undefined && !message.user.bot && message.subtype === undefined,
    at: clock.now(),
    attempts: [],
    acked_at: undefined,
    outcome: 'pending',
  };
  record(ledger, ledger.events, entry);
  ledger.counts.events++;
  const body = outerEvent(app, install, entry, event);
  scene.bodies.set(entry.event_id, body);
  for (const oldest of scene.bodies.keys()) {
    if (scene.bodies.size <= keptBodies) break;
    scene.bodies.delete(oldest);
  }
  deliver(scene, app, entry, body);
  ring(scene.bell);
  return entry;
}

/** The shape of platforms.md §3.2.3. */
function outerEvent(app: App, install: Install, entry: LedgerEvent, event: Readonly<Record<string, unknown>>): string {
  const { user, workspace } = install;
  return JSON.stringify({
    token: 'deprecated-verification-token',
    team_id: workspace.id,
    context_team_id: workspace.id,
    context_enterprise_id: null,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: entry.event_id,
    event_time: Math.floor(entry.at / 1000),
    authorizations: [
      { enterprise_id: null, team_id: workspace.id, user_id: user.id, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${entry.event_id}`,
  });
}
