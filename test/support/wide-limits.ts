/** For loads that no community makes: what is measured is the server, not what it allows a person or an owner. */
const PLENTY = 1_000_000;

/** Of an integration, in the body that connects it. */
export const wideLimits = {
  person_turns_per_minute: PLENTY,
  chat_turns_per_minute: PLENTY,
  turns_per_minute: PLENTY,
  concurrent_turns: PLENTY,
} as const;

/** Of a user, in the server's environment. */
export const wideUserLimits = {
  REPLR_USER_TURNS_PER_MINUTE: `${PLENTY}`,
  REPLR_USER_CONCURRENT_TURNS: `${PLENTY}`,
} as const;
