import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { type Metrics, noMetrics } from '../core/metrics.ts';
import { type Responder, ResponderError } from '../core/responder.ts';
import { withoutHistory } from './alone.ts';
import { anthropic } from './anthropic.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { echo } from './echo.ts';
import { withFallback } from './fallback.ts';
import { google } from './google.ts';
import { modelResponder } from './model.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import type { ModelConfig, ModelFactory, Provider } from './provider.ts';
import { defaultTimeouts, MAX_RETRIES } from './timeouts.ts';

export interface ResponderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Not counted unless told. */
  readonly metrics?: Pick<Metrics, 'fellBack'>;
  readonly fetch?: typeof globalThis.fetch;
}

export interface Responders {
  /** Answers with the model that the turn's REPLR names, or with the fallback when that one fails. */
  readonly respond: Responder;
  /** `null` when this model name can be used here, else one sentence for the person who wrote it. Calls nobody. */
  check(model: string): string | null;
  /** Starts to load the default model's packages, so that the first person need not wait for it. */
  warm(): void;
}

const BUILTIN_ECHO = 'builtin/echo';

/**
 * Segments of letters, digits and `._:@+-`. Strict because it is a tenant's text that some providers put into a URL
 * path, beside the operator's key.
 */
const MODEL_NAME = /^([a-z]+)\/((?:(?!\.{1,2}(?:\/|$))[\w.:@+-]+)(?:\/(?!\.{1,2}(?:\/|$))[\w.:@+-]+)*)$/;
const MAX_NAME_LENGTH = 200;

interface Named {
  readonly provider: string;
  readonly model: string;
}

export function createResponders(config: ModelConfig, deps: ResponderDeps): Responders {
  // A redirect would carry the prompt, and keys in headers of the providers' own making, to wherever it points.
  const ownFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, { ...init, redirect: 'error' });
  const fetch = boundedFetch(deps.fetch ?? ownFetch);
  const { metrics = noMetrics } = deps;
  const timeouts = { ...defaultTimeouts, ...config.timeouts };
  const providers = new Map<string, Provider>(
    Object.entries({ openai, anthropic, google, ollama }).map(([name, make]) => [name, once(make(config, fetch))]),
  );
  const known = ['builtin', ...providers.keys()].join(', ');

  const full = (model: string): string => (model === 'default' ? config.defaultModel : model);

  function check(model: string): string | null {
    const name = full(model);
    if (name === BUILTIN_ECHO) return null;
    const named = parse(name);
    if (named === null) return 'Must be "default" or "provider/model", for example "openai/gpt-5-mini".';
    if (named.provider === 'builtin') return `The only built-in model is "${BUILTIN_ECHO}".`;
    const provider = providers.get(named.provider);
    return provider ? provider.missing : `Unknown provider "${named.provider}"; known are ${known}.`;
  }

  function answering(name: string, standIn = false): Responder {
    if (name === BUILTIN_ECHO) return echo;
    const named = parse(name);
    const provider = named && providers.get(named.provider);
    // Checked when it was stored; since then the operator may have taken the provider away.
    if (!named || !provider || provider.missing !== null) return () => unusable(check(name));
    const short = { timeouts: { ...timeouts, totalMs: timeouts.fallbackMs }, maxRetries: 0 };
    const asked = (pace: typeof short) => modelResponder({ ...deps, ...named, ...pace, load: provider.load });
    // What comes after another attempt is short, so that all of it stays below a turn's time.
    return withoutHistory(asked(standIn ? short : { timeouts, maxRetries: MAX_RETRIES }), asked(short));
  }

  const fallback = usableFallback();
  const respond: Responder = (turn, signal) => {
    const name = full(turn.replr.model);
    const own = answering(name);
    if (fallback === undefined || fallback === name) return own(turn, signal);
    return withFallback(own, answering(fallback, true), { models: { model: name, fallback }, metrics })(turn, signal);
  };

  function usableFallback(): string | undefined {
    if (config.fallbackModel === undefined) return undefined;
    const problem = check(config.fallbackModel);
    if (problem === null) return full(config.fallbackModel);
    deps.log.warn('fallback_model_unusable', { model: config.fallbackModel, problem });
    return undefined;
  }

  const warm = (): void => {
    const provider = providers.get(parse(config.defaultModel)?.provider ?? '');
    if (!provider || provider.missing !== null) return;
    Promise.all([import('./attempt.ts'), provider.load()]).catch((error) =>
      deps.log.warn('model_not_loaded', { error }),
    );
  };

  return { respond, check, warm };
}

function parse(name: string): Named | null {
  const match = name.length <= MAX_NAME_LENGTH ? MODEL_NAME.exec(name) : null;
  return match?.[1] && match[2] ? { provider: match[1], model: match[2] } : null;
}

/** The packages keep nothing between calls; one factory serves all turns. A failed load is tried again. */
function once(provider: Provider): Provider {
  let loading: Promise<ModelFactory> | undefined;
  const load = () => {
    loading ??= provider.load().catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return { missing: provider.missing, load };
}

// biome-ignore lint/correctness/useYield: fails before the first piece, like any other failing answer
async function* unusable(problem: string | null): AsyncGenerator<string> {
  throw new ResponderError('model_unknown', problem ?? 'This model cannot be used here.');
}
