import { runCampaign } from './campaign.ts';
import type { Share } from './workers.ts';

const CHUNK = 50;
const { from, below, step, breakage } = JSON.parse(process.argv[2] ?? '') as Share;
const seeds = Array.from({ length: Math.max(0, Math.ceil((below - from) / step)) }, (_, n) => from + n * step);
for (let done = 0; done < seeds.length; done += CHUNK) {
  process.send?.(await runCampaign(seeds.slice(done, done + CHUNK), breakage));
}
process.disconnect?.();
