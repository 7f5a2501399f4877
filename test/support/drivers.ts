import { discordDriver } from './discord-driver.ts';
import type { PlatformDriver } from './driver.ts';
import { slackByEvents, slackByPolling, slackBySocket } from './slack-driver.ts';
import { telegramByWebhook, telegramDriver } from './telegram-driver.ts';

/** One line per way in which a platform's messages come: the end-to-end suites run on each. */
export const drivers: readonly PlatformDriver[] = [
  discordDriver,
  telegramDriver,
  telegramByWebhook,
  slackBySocket,
  slackByEvents,
  slackByPolling,
];

/** One per platform, for what does not depend on how its messages come. */
export const platformDrivers: readonly PlatformDriver[] = drivers.filter(
  (driver, index) => drivers.findIndex(({ platform }) => platform === driver.platform) === index,
);
