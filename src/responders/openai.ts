import { compatible } from './openai-compatible.ts';
import type { MakeProvider } from './provider.ts';

export const openai: MakeProvider = (config, fetch) => {
  const { openaiBaseUrl, openaiApiKey } = config;
  if (openaiBaseUrl) return compatible('openai', openaiBaseUrl, openaiApiKey, fetch);
  return {
    missing: openaiApiKey ? null : 'Models of "openai" need OPENAI_API_KEY or OPENAI_BASE_URL on this server.',
    load: async () => {
      const { createOpenAI } = await import('@ai-sdk/openai');
      const provider = createOpenAI({ baseURL: 'https://api.openai.com/v1', apiKey: openaiApiKey ?? '', fetch });
      // Not the package's default, the Responses API: that one stores every conversation unless told otherwise.
      return (model) => provider.chat(model);
    },
  };
};
