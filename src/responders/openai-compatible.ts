import type { Provider } from './provider.ts';

/** Chat Completions at an address of the operator's choice: vLLM, LM Studio, OpenRouter, LiteLLM, Ollama. */
export function compatible(name: string, baseURL: string, apiKey: string | undefined, fetch: typeof globalThis.fetch) {
  return {
    missing: null,
    load: async () => {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const provider = createOpenAICompatible({ name, baseURL, fetch, includeUsage: true, ...(apiKey && { apiKey }) });
      return (model: string) => provider.chatModel(model);
    },
  } satisfies Provider;
}
