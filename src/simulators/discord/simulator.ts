import { serveControl } from './control.ts';
import { DiscordControls, type DiscordSimulatorOptions } from './controls.ts';
import { makeStage } from './stage.ts';

/** What a test or the playground holds: the platform-neutral simulator and all that directs it. */
export type DiscordSimulator = DiscordControls;

export async function startDiscordSimulator(options: DiscordSimulatorOptions = {}): Promise<DiscordSimulator> {
  const simulator = new DiscordControls(options, { serveControl, makeStage });
  await simulator.listen(options.port ?? 0);
  return simulator;
}
