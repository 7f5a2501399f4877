import { startDiscordSimulator } from './discord/simulator.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';
import { startSlackSimulator } from './slack/simulator.ts';
import { startTelegramSimulator } from './telegram/simulator.ts';

export interface SimulatorEntry {
  readonly platform: string;
  start(options: SimulatorOptions): Promise<Simulator>;
}

/** One line per platform. */
export const simulators: readonly SimulatorEntry[] = [
  { platform: 'discord', start: startDiscordSimulator },
  { platform: 'telegram', start: startTelegramSimulator },
  { platform: 'slack', start: startSlackSimulator },
];
