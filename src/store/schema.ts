import type { Generated } from 'kysely';
import type { DeliveryState } from '../core/delivery.ts';
import type { ApiKeyId, BotId, DeliveryId, IntegrationId, NodeId, ReplrId, UserId } from '../core/ids.ts';
import type { Author, Fate } from '../core/message.ts';

/** JSON as text on both engines: their own JSON types refuse what a person can type. */
export type Json = string;
/** 0 or 1. */
export type Flag = number;
/** ms since 1970. */
export type Time = number;

export interface Schema {
  meta: { key: string; value: string };
  users: { id: UserId; name: string; created_at: Time };
  api_keys: { id: ApiKeyId; user_id: UserId; hash: string; created_at: Time };
  replrs: ReplrRow;
  nodes: { id: NodeId; heartbeat_at: Time };
  bots: BotRow;
  cursors: { bot_id: BotId; name: string; value: string };
  integrations: IntegrationRow;
  claims: ClaimRow;
  messages: MessageRow;
  deliveries: DeliveryRow;
  usage: UsageRow;
  user_usage: { user_id: UserId; day: string; tokens: number };
  leases: { name: string; owner: NodeId; health: Json | null };
  requests: RequestRow;
}

export interface ReplrRow {
  id: ReplrId;
  user_id: UserId;
  name: string;
  instructions: string;
  description: string | null;
  model: string;
  avatar_url: string | null;
  greeting_message: string | null;
  created_at: Time;
  updated_at: Time;
}

export interface BotRow {
  id: BotId;
  platform: string;
  identity: string;
  /** What stands before the identity's first slash: the workspace, where a platform has such. */
  scope: string | null;
  profile: Json;
  owner: NodeId | null;
  epoch: number;
  version: number;
  changed_at: Time;
  health: Json;
}

export interface IntegrationRow {
  id: IntegrationId;
  user_id: UserId;
  replr_id: ReplrId;
  bot_id: BotId;
  platform: string;
  settings: Json;
  /** What differs from the defaults, but for what has a column of its own. */
  options: Json;
  /** Off: texts go with their message's outcome. */
  store_content: Flag;
  /** Sealed values by field name. */
  secrets: Json;
  /** When the credential was last verified: the newest one serves the bot. */
  credential_at: Time;
  notices: Json;
  enabled: Flag;
  auto_respond: Flag;
  message_count: number;
  last_message_at: Time | null;
  connected_at: Time;
}

export interface ClaimRow {
  platform: string;
  identity: string;
  place: string;
  /** No foreign key: a claim is reserved before its integration exists. */
  integration_id: IntegrationId;
  user_id: UserId;
  /** Set while the claim is only reserved; `null` once it belongs to an integration. */
  reserved_until: Time | null;
}

export interface MessageRow {
  seq: Generated<number>;
  /** No foreign key: messages outlive a change of the bot behind their integration. */
  bot_id: BotId;
  message_id: string;
  integration_id: IntegrationId;
  conversation: string;
  scope: string | null;
  channel: string;
  thread: string | null;
  author_id: string;
  author_name: string;
  author_kind: Author['kind'];
  text: string;
  sent_at: Time;
  received_at: Time;
  reply_to: string | null;
  addressed: Flag;
  addressed_elsewhere: Flag;
  quote: Json | null;
  direct: Flag;
  /** It was due a turn when it came and is not forgotten: what a conversation's history is made of, */
  due: Flag;
  /** and of these, which nobody answers. */
  overheard: Flag;
  /** A node that did not own the bot received it. */
  arrived: Flag;
  fate_kind: Fate['kind'] | null;
  fate_reason: string | null;
  fate_at: Time | null;
  /** Set while what is sent is no answer: the fate that comes of it. */
  notice_kind: Fate['kind'] | null;
  notice_reason: string | null;
}

export interface DeliveryRow {
  id: DeliveryId;
  bot_id: BotId;
  inbox_seq: number;
  idx: number;
  place: Json;
  reply_to: string | null;
  part: Json;
  operation: 'create' | 'edit' | 'delete';
  message_id: string | null;
  revision: number;
  state: DeliveryState;
  attempts: number;
  next_attempt_at: Time;
  created_at: Time;
  maybe_duplicate: Flag;
  reason: string | null;
}

export interface UsageRow {
  integration_id: IntegrationId;
  day: string;
  /** The author's id; empty: all people of the integration together. */
  person: string;
  tokens: number;
}

export interface RequestRow {
  user_id: UserId;
  key: string;
  fingerprint: string;
  begun_at: Time;
  status: number | null;
  body: string | null;
}
