import { z } from '@hono/zod-openapi';
import { defaultOptions, type Limits, type Options, type OptionsChange } from '../core/options.ts';

/** Of each limit our name, and what it is about. */
const limitNames = {
  person_turns_per_minute: ['personTurnsPerMinute', 'Messages of one person that are answered in a minute.'],
  chat_turns_per_minute: [
    'chatTurnsPerMinute',
    'The same for all people of one channel together, its threads included.',
  ],
  turns_per_minute: ['turnsPerMinute', 'The same for the whole integration.'],
  person_tokens_per_day: [
    'personTokensPerDay',
    "Tokens that one person's messages may use from midnight to midnight UTC.",
  ],
  tokens_per_day: ['tokensPerDay', 'The same for the whole integration.'],
  concurrent_turns: ['concurrentTurns', 'Messages that are answered at the same time; further ones wait.'],
} as const satisfies Record<string, readonly [keyof Limits, string]>;

type LimitName = keyof typeof limitNames;
const LIMIT_NAMES = Object.keys(limitNames) as readonly LimitName[];

/** To switch an integration off there is `active`: no limit lets nothing through. */
const MIN_LIMIT = 1;
const MAX_LIMIT = 1e12;
/** Unknown names are the caller's text: of so many so much is repeated. */
const SHOWN_NAMES = 20;
const SHOWN_LENGTH = 64;

const limitField = (name: LimitName) =>
  z.number().int().min(MIN_LIMIT).max(MAX_LIMIT).openapi({ description: limitNames[name][1] });

const shapeOf = <S>(schema: (name: LimitName) => S) =>
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, schema(name)])) as Record<LimitName, S>;

const named: { error: z.core.$ZodErrorMap } = {
  error: ({ code, keys }) => {
    if (code !== 'unrecognized_keys' || !Array.isArray(keys)) return undefined;
    const shown = keys.slice(0, SHOWN_NAMES).map((key) => String(key).slice(0, SHOWN_LENGTH));
    return `Unknown: ${shown.join(', ')}.`;
  },
};

const limitsText = 'Against floods and bills. Absent ones have their default.';
const sentLimits = z
  .strictObject(
    shapeOf((name) => limitField(name).optional()),
    named,
  )
  .openapi({ description: limitsText });
const changedLimits = z
  .strictObject(
    shapeOf((name) => limitField(name).nullable().optional()),
    named,
  )
  .nullable()
  .openapi({ description: 'Only what is sent changes; `null` puts the default back, of one or of all.' });

const plain = {
  error_reply: z.enum(['notice', 'silent']).openapi({
    description: 'What a person hears when no answer can be made: `notice`, a short one, or nothing.',
  }),
  store_content: z.boolean().openapi({
    description:
      'When false, texts are deleted as soon as their answer has arrived; the REPLR then remembers nothing of what was said before.',
  }),
  context_tokens: z.number().int().min(500).max(100_000).openapi({
    description: 'How much of a conversation a model is shown at most, question included.',
  }),
};

/** The fields of a POST, */
export const createOptionShape = {
  error_reply: plain.error_reply.optional(),
  store_content: plain.store_content.optional(),
  context_tokens: plain.context_tokens.optional(),
  limits: sentLimits.optional(),
};
/** of a PUT, where `null` puts the default back, */
export const changeOptionShape = {
  error_reply: plain.error_reply.nullable().optional(),
  store_content: plain.store_content.nullable().optional(),
  context_tokens: plain.context_tokens.nullable().optional(),
  limits: changedLimits.optional(),
};
/** and of an answer, where all of them are told. */
export const shownOptionShape = { ...plain, limits: z.object(shapeOf(limitField)).openapi('Limits') };

export type SentOptions = z.output<z.ZodObject<typeof changeOptionShape>>;

/** What was sent and nothing else, so that it undoes nothing of what another request changes meanwhile. */
export function optionsChange(sent: SentOptions): OptionsChange {
  const { error_reply: errorReply, store_content: storeContent, context_tokens: contextTokens, limits } = sent;
  return {
    ...(errorReply !== undefined && { errorReply: errorReply ?? defaultOptions.errorReply }),
    ...(storeContent !== undefined && { storeContent: storeContent ?? defaultOptions.storeContent }),
    ...(contextTokens !== undefined && { contextTokens: contextTokens ?? defaultOptions.contextTokens }),
    ...(limits !== undefined && { limits: limits === null ? defaultOptions.limits : limitsFrom(limits) }),
  };
}

function limitsFrom(sent: NonNullable<SentOptions['limits']>): Partial<Limits> {
  const limits: { -readonly [N in keyof Limits]?: Limits[N] } = {};
  for (const name of LIMIT_NAMES) {
    const [own] = limitNames[name];
    const value = sent[name];
    if (value !== undefined) limits[own] = value ?? defaultOptions.limits[own];
  }
  return limits;
}

export function presentOptions({ errorReply, storeContent, contextTokens, limits }: Options) {
  return {
    error_reply: errorReply,
    store_content: storeContent,
    context_tokens: contextTokens,
    limits: shapeOf((name) => limits[limitNames[name][0]]),
  };
}
