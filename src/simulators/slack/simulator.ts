import { serveControl } from './control.ts';
import { SlackControls, type SlackSimulatorOptions } from './controls.ts';
import { makeStage } from './stage.ts';

/** What a test or the playground holds: the platform-neutral simulator and all that directs it. */
export type SlackSimulator = SlackControls;

export async function startSlackSimulator(options: SlackSimulatorOptions = {}): Promise<SlackSimulator> {
  const simulator = new SlackControls(options, { serveControl, makeStage });
  await simulator.listen(options.port ?? 0);
  return simulator;
}
