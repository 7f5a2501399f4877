import { type LanguageModel, streamText } from 'ai';
import { unlessAborted } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { isBlank } from '../core/text.ts';
import { cutShort, empty, endless, failureOf, type ModelFailure, refused, timedOut } from './model-failure.ts';
import { type Prompt, promptTokens } from './persona.ts';
import { Thoughts } from './thoughts.ts';
import { MAX_ANSWER_CHARACTERS, type ModelTimeouts, startWatch } from './timeouts.ts';
import { estimateTokens } from './tokens.ts';

// The SDK would write its remarks to the process's warnings, past our log.
globalThis.AI_SDK_LOG_WARNINGS = false;

export interface Attempt {
  readonly model: LanguageModel;
  readonly prompt: Prompt;
  readonly clock: Clock;
  readonly timeouts: ModelTimeouts;
  /** On the elapsed clock: when the whole turn is out of time. */
  readonly deadline: number;
  /** Hears once what the request cost, unless it surely cost nothing. */
  readonly spent: (tokens: number) => void;
}

export interface Answered {
  readonly characters: number;
  /** The model's own word on why it stopped. */
  readonly finish: string;
}

export type Outcome =
  | { readonly ok: true; readonly answered: Answered }
  /** `spoken`: part of an answer went out before. */
  | { readonly ok: false; readonly failure: ModelFailure; readonly spoken: boolean };

/**
 * One request. Yields text as it comes, from the first visible character on, and returns how it went; throws only the
 * signal's reason. However it ends, also when the reader walks away, the request is closed.
 *
 * `fullStream` is the only honest view of the SDK: its text stream ends without a throw, with nothing or with half an
 * answer, when a connection is refused, a server fails or a stream breaks. Failures come as a part `error`, as a part
 * `abort`, as a throw, or as a finish reason; all four are looked at here.
 */
export async function* attempt(job: Attempt, signal: AbortSignal): AsyncGenerator<string, Outcome> {
  const request = new AbortController();
  const end = () => request.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  let late = false;
  const watch = startWatch(job.clock, job.timeouts, job.deadline, request.signal, () => {
    late = true;
    request.abort();
  });

  const thoughts = new Thoughts();
  let held = '';
  let spoken = false;
  let characters = 0;
  let free = true;
  /** As the provider counts; zero where it does not say. */
  let inputTokens = 0;
  let outputTokens = 0;
  /** What came, thoughts included. */
  let estimated = 0;
  const failed = (why: ModelFailure): Outcome => {
    const failure = late ? timedOut : why;
    free = failure.free === true;
    return { ok: false, failure, spoken };
  };
  try {
    signal.throwIfAborted();
    free = false;
    const parts = open(job, request.signal);
    let finish: string | undefined;
    for (;;) {
      const next = await unlessAborted(parts.next(), request.signal);
      if (next.done) break;
      const part = next.value;
      if (part.type === 'error') return failed(failureOf(part.error, job.clock.now()));
      if (part.type === 'abort') return failed(cutShort);
      if (part.type === 'reasoning-delta') {
        watch.alive();
        estimated += estimateTokens(part.text);
      }
      if (part.type === 'finish') {
        inputTokens = part.totalUsage.inputTokens || 0;
        outputTokens = part.totalUsage.outputTokens || 0;
        if (part.finishReason === 'content-filter') return failed(refused);
        if (brokeOff(part.finishReason, part.rawFinishReason)) return failed(cutShort);
        finish = part.finishReason;
      }
      if (part.type === 'text-delta') {
        watch.alive();
        estimated += estimateTokens(part.text);
      }
      // At the end comes what was held back as the beginning of thoughts, and was none.
      const text = part.type === 'text-delta' ? thoughts.answerIn(part.text) : finish ? thoughts.rest() : '';
      if (text === '') continue;
      characters += text.length;
      if (characters > MAX_ANSWER_CHARACTERS) return failed(endless);
      // Blank lines first, or only: a model's way to say nothing. They are no answer until something follows.
      held += text;
      spoken ||= !isBlank(text);
      if (spoken) {
        watch.pause();
        yield held;
        watch.alive();
        held = '';
      }
    }
    if (finish === undefined) return failed(cutShort);
    return spoken ? { ok: true, answered: { characters, finish } } : failed(empty);
  } catch (error) {
    signal.throwIfAborted();
    return failed(failureOf(error, job.clock.now()));
  } finally {
    signal.removeEventListener('abort', end);
    request.abort();
    if (!free) job.spent(Math.ceil((inputTokens || promptTokens(job.prompt)) + (outputTokens || estimated)));
    await watch.ended;
  }
}

function open({ model, prompt }: Attempt, abortSignal: AbortSignal) {
  const { fullStream } = streamText({
    model,
    instructions: prompt.system,
    messages: [...prompt.messages],
    // Retries are ours: the SDK knows neither our deadline nor whether text has gone out.
    maxRetries: 0,
    abortSignal,
    // Without this the SDK prints errors to the console, prompt included.
    onError: () => {},
  });
  return fullStream[Symbol.asyncIterator]();
}

/** `other` without a word from the provider is what some packages make of a stream that ends in the middle. */
function brokeOff(finishReason: string, raw: string | undefined): boolean {
  return finishReason === 'error' || finishReason === 'interrupted' || (finishReason === 'other' && raw === undefined);
}
