import { discordDriver } from './discord-driver.ts';
import type { PlatformDriver } from './driver.ts';
import { telegramDriver } from './telegram-driver.ts';

/** One line per platform: the end-to-end suites run on each. */
export const drivers: readonly PlatformDriver[] = [discordDriver, telegramDriver];
