import type { MakeProvider } from './provider.ts';

export const google: MakeProvider = ({ googleApiKey }, fetch) => ({
  missing: googleApiKey ? null : 'Models of "google" need GOOGLE_GENERATIVE_AI_API_KEY on this server.',
  load: async () => {
    const { createGoogle } = await import('@ai-sdk/google');
    const baseURL = 'https://generativelanguage.googleapis.com/v1beta';
    const provider = createGoogle({ baseURL, apiKey: googleApiKey ?? '', fetch });
    return (model) => provider(model);
  },
});
