import type { Connector } from '../core/connector.ts';
import type { Health, Notice } from '../core/health.ts';
import type { Integration, Replr } from '../core/integration.ts';
import { healthOf, statusOf } from '../core/integration.ts';
import { hookUrlNames } from './hook-url.ts';
import { presentOptions, shownOptionShape } from './options.ts';

type Json = Record<string, unknown>;

/** ISO 8601 in UTC, to the second. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** As lists and a new connection show it. Credentials are no part of an `Integration`, so none can get out here. */
export function presentIntegration(integration: Integration): Json {
  return { ...head(integration), ...counters(integration) };
}

/** The single object: what one looks at to find out how it is doing. */
export function presentIntegrationDetail(integration: Integration): Json {
  return {
    ...head(integration),
    auto_respond: integration.autoRespond,
    ...presentOptions(integration.options),
    ...counters(integration),
    ...(integration.lastMessageAt !== null && { last_message_at: timestamp(integration.lastMessageAt) }),
    health: presentHealth(healthOf(integration)),
    ...(integration.notices.length > 0 && { notices: integration.notices.map(presentNotice) }),
  };
}

function head(integration: Integration): Json {
  return {
    id: integration.id,
    platform: integration.platform,
    replr_id: integration.replrId,
    status: statusOf(integration),
    ...present(integration.settings),
  };
}

function counters(integration: Integration): Json {
  return { message_count: integration.messageCount, connected_at: timestamp(integration.connectedAt) };
}

function presentHealth(health: Health): Json {
  const { state, code, message, fixUrl, since, transport } = health;
  return present({ state, code, message, fix_url: fixUrl, since: timestamp(since), transport });
}

function presentNotice({ code, message, fixUrl }: Notice): Json {
  return present({ code, message, fix_url: fixUrl });
}

/** A field without a value is absent, so that no platform shows the fields of another. */
function present(fields: Readonly<Json>): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function presentReplr(replr: Replr): Json {
  return {
    id: replr.id,
    name: replr.name,
    instructions: replr.instructions,
    ...present({ description: replr.description }),
    model: replr.model,
    ...present({ avatar_url: replr.avatarUrl, greeting_message: replr.greetingMessage }),
    created_at: timestamp(replr.createdAt),
    updated_at: timestamp(replr.updatedAt),
  };
}

const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'platform', 'replr_id', 'status', 'auto_respond', 'message_count', 'connected_at', 'last_message_at'],
  ...['health', 'notices', 'active', 'created_at', 'updated_at'],
  ...Object.keys(shownOptionShape),
]);

/**
 * Settings and the hook's URL are spread into our own object, so a connector must not name a field like one of ours, nor two
 * fields alike. Found at start, not by a user.
 */
export function assertNoClash(connector: Connector): void {
  const seen = new Set(OWN_FIELDS);
  const { credential, settings } = connector;
  for (const name of [...Object.keys(credential.shape), ...Object.keys(settings.shape), ...hookUrlNames(connector)]) {
    if (seen.has(name)) throw new Error(`connector ${connector.platform}: the field name ${name} is taken`);
    seen.add(name);
  }
}
