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
  /** What is wrong at single places while the link itself works. Of them each integration is told its own, see `healthOf`. */
  readonly places?: readonly PlaceTrouble[];
}

/** The bot cannot hear, or not all, at a place that is named in the settings of some of its integrations. */
export interface PlaceTrouble {
  /** The field of the settings that names the place, and its value there, or one of its values: `channel_ids`, `C…`. */
  readonly setting: string;
  readonly value: string | true;
  readonly code: string;
  readonly message: string;
  readonly fixUrl?: string;
}

/** Something that works, but less well than it could; found at verification and shown with the integration. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly fixUrl?: string;
}
