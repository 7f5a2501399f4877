import type { PlatformPort } from '../../core/connector.ts';
import type { Bot } from '../../core/integration.ts';

type Hooks = Pick<PlatformPort, 'hooksUrl'>;

/** Where the platform shall push the updates of this bot. It says who is meant and lets nobody in: that is the secret's part. */
export function hookUrl(hooksUrl: string, bot: Pick<Bot, 'id'>): string {
  return `${hooksUrl}/${bot.id}`;
}

/** The platform repeats a URL in its own spelling: host in small letters, no port where it is the usual one. */
export function sameUrl(a: string, b: string): boolean {
  return spelt(a) === spelt(b);
}

/** Some bot's hook at this deployment's address. */
export function isHere(url: string, port: Hooks): boolean {
  return port.hooksUrl !== undefined && spelt(url).startsWith(`${spelt(port.hooksUrl)}/`);
}

/** This bot's hook, also at an address that the deployment had before: its id is random and occurs nowhere else. */
export function isOurs(url: string, bot: Pick<Bot, 'id'>, port: Hooks): boolean {
  return isHere(url, port) || url.endsWith(`/hooks/telegram/${bot.id}`);
}

function spelt(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
}
