import type { Credential } from '../../core/integration.ts';
import { appOf } from './addresses.ts';

export interface Secrets {
  readonly appToken?: string;
  readonly signingSecret?: string;
}

/**
 * What opens better transports than polling to a bot: its own secrets, else those that the operator holds for all bots of
 * one app. The app token counts only for bots of that very app; a signing secret proves itself by the first event.
 */
export function secretsFor(own: Credential, deployment: Credential = {}, appId: string | undefined): Secrets {
  const shared = deployment['app_token'];
  const sharing = shared !== undefined && appId !== undefined && appOf(shared) === appId;
  const appToken = own['app_token'] ?? (sharing ? shared : undefined);
  const signingSecret = own['signing_secret'] ?? deployment['signing_secret'];
  return { ...(appToken !== undefined && { appToken }), ...(signingSecret !== undefined && { signingSecret }) };
}
