/**
 * What really happened, kept apart from what the product believes. Verdicts of tests come only from here
 * (faults.md §1.2, LEDGER). Field names are those of the control API.
 */
export interface Ledger {
  readonly events: LedgerEvent[];
  readonly calls: LedgerCall[];
  readonly identifies: LedgerIdentify[];
  readonly resumes: LedgerResume[];
  readonly closes: LedgerClose[];
  readonly messages: LedgerMessage[];
  readonly counts: LedgerCounts;
  /** Entries of each list beyond this are forgotten, oldest first. */
  readonly limit: number;
}

/** One event of the world, and the sessions that it was meant for. */
export interface LedgerEvent {
  readonly t: string;
  readonly guild_id: string | undefined;
  readonly channel_id: string | undefined;
  readonly message_id: string | undefined;
  readonly at: number;
  readonly sessions: LedgerDelivery[];
}

export interface LedgerDelivery {
  readonly bot_id: string;
  readonly session_id: string;
  readonly seq: number;
  /** How often it was written to a connection, replays included. */
  sent: number;
}

export interface LedgerCall {
  readonly method: string;
  readonly path: string;
  readonly at: number;
  bot: string | undefined;
  ended_at?: number;
  /** 0: no answer was given. */
  status: number;
  code?: number;
  /** `dropped`: carried out, the answer thrown away. `refused`: the connection was reset before anything was read. */
  outcome: 'running' | 'answered' | 'dropped' | 'refused' | 'hung' | 'left';
}

export interface LedgerIdentify {
  readonly bot_id: string | undefined;
  readonly at: number;
  readonly intents: number | undefined;
  /** `accepted`, or what was refused. */
  readonly outcome: string;
  readonly session_id?: string;
}

export interface LedgerResume {
  readonly bot_id: string | undefined;
  readonly session_id: string;
  readonly seq: number;
  readonly at: number;
  readonly outcome: 'resumed' | 'unknown_session' | 'too_old' | 'bad_seq' | 'bad_token' | 'broken';
  readonly replayed: number;
}

export interface LedgerClose {
  readonly bot_id: string | undefined;
  readonly session_id: string | undefined;
  readonly at: number;
  readonly by: 'client' | 'server' | 'network';
  readonly code: number;
}

/** A message that a bot made visible. */
export interface LedgerMessage {
  readonly bot_id: string;
  readonly channel_id: string;
  readonly message_id: string;
  readonly at: number;
  content: string;
  readonly nonce: string | number | undefined;
  readonly reply_to: string | undefined;
  flags: number;
  /** What the sender was notified about in it: `everyone`, ids of roles and users. */
  pings: readonly string[];
  /** A link in it was shown with a preview. */
  preview: boolean;
  edits: number;
  /** Nobody deleted it. */
  visible: boolean;
  /** Carried out, but the sender was never told. */
  ambiguous: boolean;
}

export interface LedgerCounts {
  calls: number;
  events: number;
  messages: number;
  ambiguous: number;
  identifies: number;
  resumes: number;
  heartbeats: number;
  /** Messages and edits that notify somebody by a mention in the text. */
  pings: number;
  /** Replies that notify the author of what they answer. */
  reply_pings: number;
  /** Messages with a link whose preview was not suppressed. */
  previews: number;
  unknown_fields: number;
  /** Same nonce again: the first message was returned. */
  nonce_replays: number;
  /** Same nonce for another text: that text was never shown. */
  nonce_collisions: number;
  /** Creates without an enforced nonce. */
  without_nonce: number;
  unauthorized: number;
  /** 401, 403 and 429, except of shared scope [D2]. */
  invalid_requests: number;
  /** Calls refused because of too many of these: the whole address is locked out. */
  banned: number;
  rate_limited: number;
  /** Calls into a bucket that was told to wait. */
  called_while_limited: number;
  wrong_version: number;
  /** Routes that exist but not here, or not at all. */
  unknown_routes: number;
  typing: number;
  /** Identifies sooner than 5 s after the last one in the same bucket. */
  hasty_identifies: number;
  /** Identifies beyond the daily limit: the platform resets the token [D1]. */
  excessive_identifies: number;
  /** Resumes elsewhere than at `resume_gateway_url`. */
  misdirected_resumes: number;
  missed_heartbeats: number;
  /** Closes by the server with a 4xxx code that blames the client. */
  protocol_errors: number;
}

const counted = [
  'calls',
  'events',
  'messages',
  'ambiguous',
  'identifies',
  'resumes',
  'heartbeats',
  'pings',
  'reply_pings',
  'previews',
  'unknown_fields',
  'nonce_replays',
  'nonce_collisions',
  'without_nonce',
  'unauthorized',
  'invalid_requests',
  'banned',
  'rate_limited',
  'called_while_limited',
  'wrong_version',
  'unknown_routes',
  'typing',
  'hasty_identifies',
  'excessive_identifies',
  'misdirected_resumes',
  'missed_heartbeats',
  'protocol_errors',
] as const satisfies readonly (keyof LedgerCounts)[];

export function createLedger(limit: number): Ledger {
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as unknown as LedgerCounts;
  return { events: [], calls: [], identifies: [], resumes: [], closes: [], messages: [], limit, counts };
}

/** Trims in larger steps: shifting a long list for each entry would cost more than the entry. */
export function record<T>(ledger: Ledger, list: T[], entry: T): T {
  list.push(entry);
  if (list.length > ledger.limit * 1.25) list.splice(0, list.length - ledger.limit);
  return entry;
}
