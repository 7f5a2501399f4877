/**
 * What the end-to-end suites need of a platform. One implementation per simulator; the suites know nothing else of it, so
 * that the next platform runs them unchanged.
 */
export interface PlatformDriver {
  /** The platform, and the way in which its messages come where there are several. */
  readonly name: string;
  readonly platform: string;
  /** Messages come by HTTP requests to the server: it must have a public address. */
  readonly pushes?: boolean;
  /** While nobody speaks, nothing is asked with the bot's token: that it is dead shows at the next call. */
  readonly quiet?: boolean;
  /** Pushes of one chat come one after another. */
  readonly serial?: boolean;
  /** So many chats at once are served without waiting for a ration of calls; any number unless said. */
  readonly chats?: number;
  /** The platform shows a send that is repeated only once: then no answer may ever appear twice. */
  readonly removesRepeats: boolean;
  start(): Promise<World>;
}

/** A running simulator. */
export interface World {
  readonly apiUrl: string;
  bot(): Promise<BotDriver>;
  /** The platform resets every connection until it is called with `false`. */
  down(isDown: boolean): Promise<void>;
  /** Each call to the platform takes this long, ms. */
  latency(ms: number): Promise<void>;
  /** Calls that the platform refused as malformed, or that carried what it does not know: must stay 0. */
  misuse(): Promise<number>;
  /** Calls into a limit that had been told: 0 for a process that lives, a killed one forgets. */
  impatience(): Promise<number>;
  /**
   * Sends that the platform has, but whose sender, killed at this moment, can hardly have noted so: the call has not been
   * answered, or was within the last few milliseconds.
   */
  unsettled(): Promise<number>;
  /** Calls that reached the platform with this bot's credential, by name. */
  calls(bot: BotDriver): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface BotDriver {
  readonly identity: string;
  /** Body of `POST /v1/integrations/<platform>` without `replr_id`, for listening in all of this bot's chats made so far. */
  connect(): Promise<Record<string, unknown>>;
  /** What its owner does on the platform once the integration is there, whose answer this is: entering its hook's URL. */
  connected?(integration: Record<string, unknown>): Promise<void>;
  /** Kills the token and makes a new one for the same bot: the body of a PUT. */
  newToken(): Promise<Record<string, string>>;
  /** Kills the token. */
  revoke(): Promise<void>;
  /** A place in which every message is heard and addressed to the bot. */
  direct(person: string): Promise<ChatDriver>;
  /** A place with several people, in which the bot sees all messages. */
  group(people: readonly string[]): Promise<ChatDriver>;
}

export interface ChatDriver {
  /** As in `channel_ids`. */
  readonly id: string;
  /**
   * Posts as a person, the first one unless named; resolves when the platform has it. `anew`: where the platform has threads,
   * not in the one of before.
   */
  say(
    text: string,
    options?: { from?: string; mention?: boolean; replyToBot?: boolean; anew?: boolean },
  ): Promise<void>;
  /** Texts that the bot posted here, in order. */
  answers(): Promise<readonly string[]>;
  /** Resolves as soon as the bot has posted `count` messages here; rejects when that takes too long. */
  answered(count: number): Promise<readonly string[]>;
}
