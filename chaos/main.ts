import { type Campaign, type CampaignOptions, runCampaign } from './campaign.ts';
import { readOptions, USAGE } from './options.ts';
import { makePlace } from './place.ts';
import { held, reportOf, writeResults } from './report.ts';

async function run(all: readonly CampaignOptions[]): Promise<boolean> {
  const campaigns: Campaign[] = [];
  for (const options of all) {
    const place = await makePlace(options.store);
    try {
      campaigns.push(await runCampaign(options, place, (line) => void process.stderr.write(`${line}\n`)));
    } finally {
      await place.drop();
    }
  }
  for (const line of reportOf(campaigns)) process.stdout.write(`${line}\n`);
  process.stdout.write(`Written to ${await writeResults(campaigns)}.\n`);
  return campaigns.every(held);
}

try {
  process.exitCode = (await run(readOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  const known = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${known ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = known ? 2 : 1;
}
