import type { LanguageModel } from 'ai';
import type { ModelTimeouts } from './timeouts.ts';

/** Where models are and what opens them; the operator's settings, not a tenant's. */
export interface ModelConfig {
  /** What `default` means: `builtin/echo` or `provider/model`. */
  readonly defaultModel: string;
  /** Asked once when the model of a turn has failed for good; named like one of a REPLR. */
  readonly fallbackModel?: string;
  /** Any server that speaks Chat Completions, `/v1` included. Takes over the `openai/` prefix. */
  readonly openaiBaseUrl?: string;
  readonly openaiApiKey?: string;
  readonly anthropicApiKey?: string;
  readonly googleApiKey?: string;
  /** Without `/v1`. */
  readonly ollamaBaseUrl?: string;
  readonly timeouts?: Partial<ModelTimeouts>;
}

/** One family of models behind one kind of account. */
export interface Provider {
  /** One sentence on what this server lacks to use it; `null` when it is ready. */
  readonly missing: string | null;
  /** Imports the provider's package: tens of milliseconds the first time, so not at start. */
  load(): Promise<ModelFactory>;
}

export type ModelFactory = (model: string) => LanguageModel;

/**
 * Base URLs and keys are always handed over explicitly: left out, the packages look into the environment by themselves,
 * and a setting that nobody documented would decide where prompts go.
 */
export type MakeProvider = (config: ModelConfig, fetch: typeof globalThis.fetch) => Provider;
