/** How an integration answers, the same on every platform. All of it is the owner's to set; `defaults` say nothing special. */
export interface Options {
  /** What a person hears when no answer can be made: one short notice, or nothing. */
  readonly errorReply: 'notice' | 'silent';
  /**
   * Off: texts are kept no longer than their answer needs to arrive. Then a conversation has no memory, and nothing that the bot is
   * not spoken to is read.
   */
  readonly storeContent: boolean;
  /** How much of a conversation a model is shown, question included: 500–100,000 tokens. */
  readonly contextTokens: number;
  readonly limits: Limits;
}

/** Against floods and bills. Whoever goes beyond hears one refusal, then nothing until the window ends. */
export interface Limits {
  /** Turns a minute of one person; ten minutes' worth can be saved up and used at once. */
  readonly personTurnsPerMinute: number;
  /** The same for all people of one room together, */
  readonly chatTurnsPerMinute: number;
  /** and for the whole integration. */
  readonly turnsPerMinute: number;
  /** Tokens of one person from midnight to midnight UTC, question, context and answer. */
  readonly personTokensPerDay: number;
  /** The same for the whole integration. */
  readonly tokensPerDay: number;
  /** Turns under way at once; further ones wait. */
  readonly concurrentTurns: number;
}

/**
 * For a community of some hundred people: nobody who types reaches them, and a script that floods costs some dollars at most
 * before it is stopped.
 */
export const defaultOptions: Options = {
  errorReply: 'notice',
  storeContent: true,
  contextTokens: 6_000,
  limits: {
    personTurnsPerMinute: 60,
    chatTurnsPerMinute: 120,
    turnsPerMinute: 1_200,
    personTokensPerDay: 2_000_000,
    tokensPerDay: 20_000_000,
    concurrentTurns: 100,
  },
};

/** What is left out stays as it is, each limit for itself. */
export type OptionsChange = Partial<Omit<Options, 'limits'>> & { readonly limits?: Partial<Limits> };

export const changedOptions = (before: Options, change: OptionsChange): Options => ({
  ...before,
  ...change,
  limits: { ...before.limits, ...change.limits },
});

/** What one user's integrations may do together; the operator's to set. */
export type UserLimits = Pick<Limits, 'turnsPerMinute' | 'tokensPerDay' | 'concurrentTurns'>;

export const defaultUserLimits: UserLimits = {
  turnsPerMinute: 6_000,
  tokensPerDay: 100_000_000,
  concurrentTurns: 500,
};
