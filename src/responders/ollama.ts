import { compatible } from './openai-compatible.ts';
import type { MakeProvider } from './provider.ts';

export const ollama: MakeProvider = (config, fetch) => {
  if (config.ollamaBaseUrl) {
    return compatible('ollama', `${config.ollamaBaseUrl.replace(/\/+$/, '')}/v1`, undefined, fetch);
  }
  return {
    missing: 'Models of "ollama" need OLLAMA_BASE_URL on this server.',
    load: () => Promise.reject(new Error('OLLAMA_BASE_URL is not set')),
  };
};
