import { fork } from 'node:child_process';
import { join } from 'node:path';
import { addCampaign, type Campaign, emptyCampaign } from './campaign.ts';
import type { Breakage } from './world/breakage.ts';

/** What a worker is told: every `step`th seed from `from` on. */
export interface Share {
  readonly from: number;
  readonly below: number;
  readonly step: number;
  readonly breakage: Breakage | undefined;
}

/** A worker sends what it has done since its last message, and ends when it is through. */
export async function shareOut(
  { seeds, from, workers, breakage }: { seeds: number; from: number; workers: number; breakage: Breakage | undefined },
  progressed: (campaign: Campaign) => void,
): Promise<Campaign> {
  const campaign = emptyCampaign();
  const runs = Array.from({ length: workers }, (_, n) => {
    const share: Share = { from: from + n, below: from + seeds, step: workers, breakage };
    return new Promise<void>((resolve, reject) => {
      const worker = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(share)]);
      worker.on('message', (done: Campaign) => {
        addCampaign(campaign, done);
        progressed(campaign);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    });
  });
  await Promise.all(runs);
  campaign.failures.sort((a, b) => a.seed - b.seed);
  return campaign;
}
