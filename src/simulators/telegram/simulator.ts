import { serveControl } from './control.ts';
import { TelegramControls, type TelegramSimulatorOptions } from './controls.ts';
import { makeStage } from './stage.ts';

/** What a test or the playground holds: the platform-neutral simulator and all that directs it. */
export type TelegramSimulator = TelegramControls;

export async function startTelegramSimulator(options: TelegramSimulatorOptions = {}): Promise<TelegramSimulator> {
  const simulator = new TelegramControls(options, { serveControl, makeStage });
  await simulator.listen(options.port ?? 0);
  return simulator;
}
