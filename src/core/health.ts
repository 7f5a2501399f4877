/**
 * The truth about a live link, judged by its transport and never by silence. `connecting` and `reconnecting` heal by
 * themselves; `error` needs the owner and says what to do.
 */
export interface Health {
  readonly state: 'connecting' | 'connected' | 'reconnecting' | 'error' | 'paused';
  /** Stable reason, snake_case: `bad_credentials`, `conflict`. Absent when all is well. */
  readonly code?: string;
  /** One sentence for a person: what is wrong and what to do about it. */
  readonly message?: string;
  /** Where to do it. */
  readonly fixUrl?: string;
  /** Since when the state holds, ms since 1970. */
  readonly since: number;
  /** How messages arrive: `polling`, `webhook`, `gateway`, `socket`, `events`. */
  readonly transport: string;
}

/** Something that works, but less well than it could; found at verification and shown with the integration. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly fixUrl?: string;
}
