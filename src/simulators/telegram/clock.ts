import { SimulatorClock } from '../shared/clock.ts';

export class TelegramClock extends SimulatorClock {
  /** Telegram's dates are whole seconds. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }
}
