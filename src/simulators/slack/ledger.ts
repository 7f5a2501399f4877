/**
 * What really happened, kept apart from what the product believes. Verdicts of tests come only from here
 * (faults.md §1.2, LEDGER). Field names are those of the control API.
 */
export interface Ledger {
  readonly events: LedgerEvent[];
  readonly calls: LedgerCall[];
  readonly messages: LedgerMessage[];
  readonly sockets: LedgerSocket[];
  readonly counts: LedgerCounts;
  /** Entries of each list beyond this are forgotten, oldest first. */
  readonly limit: number;
}

/** One event for one app, and every attempt to hand it over. */
export interface LedgerEvent {
  readonly event_id: string;
  readonly type: string;
  readonly subtype: string | undefined;
  readonly app_id: string;
  readonly team_id: string;
  readonly channel: string | undefined;
  readonly ts: string | undefined;
  readonly text: string | undefined;
  /** Who said it is a person. */
  readonly by_person: boolean;
  readonly at: number;
  readonly attempts: LedgerAttempt[];
  acked_at: number | undefined;
  /** `lost`: all retries are used up, or the app has no way to get it. */
  outcome: 'pending' | 'acked' | 'lost';
}

export interface LedgerAttempt {
  readonly transport: 'socket' | 'http';
  /** 0 for the first. */
  readonly retry: number;
  readonly reason: string | undefined;
  readonly at: number;
  readonly socket_id: number | undefined;
  /** HTTP status; 0 where none came. */
  status?: number;
  /** From the first byte out to the acknowledgement, ms. */
  latency_ms?: number;
  outcome: 'running' | 'acked' | 'http_timeout' | 'http_error' | 'connection_failed' | 'too_many_redirects';
}

export interface LedgerCall {
  readonly method: string;
  readonly at: number;
  team_id: string | undefined;
  app_id: string | undefined;
  /** The bot's user id. */
  bot: string | undefined;
  /** All but texts, which may be long. */
  args: Readonly<Record<string, unknown>>;
  ended_at?: number;
  /** 0: no answer was given. */
  status: number;
  error?: string;
  /** `dropped`: carried out, the answer thrown away. `refused`: the connection was reset before anything was read. */
  outcome: 'running' | 'answered' | 'dropped' | 'refused' | 'hung' | 'left';
}

/** A message that a bot made visible. */
export interface LedgerMessage {
  readonly app_id: string;
  readonly bot: string;
  readonly team_id: string;
  readonly channel: string;
  readonly ts: string;
  readonly thread_ts: string | undefined;
  readonly at: number;
  text: string;
  /** Whom it notified, as tokens. */
  mentions: readonly string[];
  readonly metadata: unknown;
  edits: number;
  /** Nobody deleted it. */
  visible: boolean;
  /** Carried out, but the sender was never told. */
  ambiguous: boolean;
}

export interface LedgerSocket {
  readonly id: number;
  readonly app_id: string;
  readonly opened_at: number;
  closed_at: number | undefined;
  closed_by: 'client' | 'server' | 'network' | undefined;
  envelopes: number;
  acks: number;
  pings: number;
  pongs: number;
}

const counted = [
  'calls',
  'events',
  /** Attempts to hand an event over. */
  'deliveries',
  'messages',
  'ambiguous',
  /** Messages that notify somebody: by `<!channel>`, `<@U…>`, `<!subteam…>`, an element of rich text, `link_names`, `parse`. */
  'pings',
  /** Messages with a link whose preview was not suppressed. */
  'previews',
  'truncated_texts',
  /** `thread_ts` or `ts` of a reply where a parent's belongs. */
  'reply_ts_as_parent',
  /** Posts without `metadata`, which nobody could find again. */
  'without_metadata',
  'unknown_arguments',
  'type_mismatches',
  'missing_arguments',
  'malformed_bodies',
  /** JSON for a method that reads a form. */
  'json_reads',
  'unknown_methods',
  /** Faults that a test asked for and the method does not have. */
  'unlisted_errors',
  'unauthorized',
  'rate_limited',
  /** Calls into a limit that had been told. */
  'sent_while_limited',
  'acks',
  'late_acks',
  'double_acks',
  'unknown_acks',
  /** Acknowledgements on another socket than the envelope came on. */
  'misdirected_acks',
  'protocol_errors',
  /** Tickets used twice or never given out. */
  'bad_tickets',
  'sockets_opened',
  'sockets_refused',
  /** The most that one app had open at once, ghosts left out. */
  'max_sockets',
] as const;

export type LedgerCounts = Record<(typeof counted)[number], number>;

export function createLedger(limit: number): Ledger {
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as LedgerCounts;
  return { events: [], calls: [], messages: [], sockets: [], limit, counts };
}

/** Trims in larger steps: shifting a long list for each entry would cost more than the entry. */
export function record<T>(ledger: Ledger, list: T[], entry: T): T {
  list.push(entry);
  if (list.length > ledger.limit * 1.25) list.splice(0, list.length - ledger.limit);
  return entry;
}
