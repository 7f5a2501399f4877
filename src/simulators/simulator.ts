/** A local server that speaks one platform's protocol and refuses what that platform refuses. */
export interface Simulator {
  readonly platform: string;
  /** The platform's API base, for the setting that overrides it: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Makes a bot and a place to talk in. */
  stage(): Promise<Stage>;
  close(): Promise<void>;
}

/** A bot and a person in one place: all that a playground needs to know of a platform. */
export interface Stage {
  /** Body of `POST /v1/integrations/<platform>`, `replr_id` apart. */
  readonly connect: Record<string, unknown>;
  /** For people: 'Telegram, private chat with @playground_bot'. */
  readonly title: string;
  /** Posts as a person. */
  say(text: string): Promise<void>;
  /** All that is visible in the place, oldest first. */
  transcript(): Promise<Line[]>;
  /** Resolves when the transcript no longer is what it was at `after` lines, or when the signal aborts. */
  changed(after: number, signal: AbortSignal): Promise<void>;
}

export interface Line {
  readonly who: string;
  readonly fromBot: boolean;
  readonly text: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
}

export interface SimulatorOptions {
  /** 0, the default: any free one. */
  readonly port?: number;
  readonly now?: () => number;
}
