import type { MakeProvider } from './provider.ts';

export const anthropic: MakeProvider = ({ anthropicApiKey }, fetch) => ({
  missing: anthropicApiKey ? null : 'Models of "anthropic" need ANTHROPIC_API_KEY on this server.',
  load: async () => {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const baseURL = 'https://api.anthropic.com/v1';
    const provider = createAnthropic({ baseURL, apiKey: anthropicApiKey ?? '', fetch });
    return (model) => provider(model);
  },
});
