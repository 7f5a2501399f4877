import type { Breakage } from './world/breakage.ts';
import type { Violation } from './world/verdicts.ts';
import { type Outcome, runSeed } from './world/world.ts';

/** What many worlds add up to. */
export interface Campaign {
  seeds: number;
  virtualMs: number;
  posted: number;
  accepted: number;
  answered: number;
  shown: number;
  /** Deliveries sent again without knowing whether they had arrived. */
  marked: number;
  /** Copies beyond the first; those outside the rules are among the failures. */
  doubled: number;
  readonly faults: Record<string, number>;
  readonly failures: { readonly seed: number; readonly violations: readonly Violation[] }[];
}

export const emptyCampaign = (): Campaign => ({
  ...{ seeds: 0, virtualMs: 0, posted: 0, accepted: 0, answered: 0, shown: 0, marked: 0, doubled: 0 },
  faults: {},
  failures: [],
});

const SUMS = ['virtualMs', 'posted', 'accepted', 'answered', 'shown', 'marked', 'doubled'] as const;

export function addOutcome(campaign: Campaign, outcome: Outcome): void {
  campaign.seeds++;
  addSums(campaign, outcome);
  const { seed, violations } = outcome;
  if (violations.length > 0) campaign.failures.push({ seed, violations });
}

export function addCampaign(campaign: Campaign, other: Campaign): void {
  campaign.seeds += other.seeds;
  addSums(campaign, other);
  campaign.failures.push(...other.failures);
}

function addSums(campaign: Campaign, more: Pick<Outcome, (typeof SUMS)[number] | 'faults'>): void {
  for (const name of SUMS) campaign[name] += more[name];
  for (const [kind, count] of Object.entries(more.faults)) campaign.faults[kind] = (campaign.faults[kind] ?? 0) + count;
}

export async function runCampaign(seeds: Iterable<number>, breakage?: Breakage): Promise<Campaign> {
  const campaign = emptyCampaign();
  for (const seed of seeds) addOutcome(campaign, await runSeed(seed, breakage ? { breakage } : {}));
  return campaign;
}

/** Every kind of fault that a campaign must have met before its silence means anything. */
export const FAULT_KINDS = [
  ...['kill', 'stop', 'freeze', 'clock_jump', 'store_outage', 'store_away'],
  ...['store_fails_before', 'store_fails_after', 'store_slow', 'notify_lost', 'not_acknowledged'],
  ...['fetch_failed', 'repeated_fetch', 'repeated_hook', 'hook_unanswered'],
  ...['send_arrives_unanswered', 'send_lost', 'send_server_error', 'send_unreachable', 'send_slow', 'send_rejected'],
  ...['send_limited_conversation', 'send_limited_credential', 'look_up_unanswered', 'removed_repeat'],
  ...['model_fails', 'model_throws', 'model_empty', 'model_slow', 'model_hangs'],
  ...['token_revoked', 'channel_closed', 'api_pause', 'api_delete', 'api_channels', 'api_token', 'api_touch'],
  'api_connect',
] as const;

/** What is missing for a campaign to mean anything: it must not pass by doing nothing. */
export function missingWork({ seeds, posted, accepted, answered, marked, faults }: Campaign): string[] {
  const missing: string[] = FAULT_KINDS.filter((kind) => !faults[kind]).map((kind) => `no ${kind}`);
  if (posted < 20 * seeds) missing.push(`only ${posted} messages posted`);
  if (accepted < 0.7 * posted) missing.push(`only ${accepted} of ${posted} messages accepted`);
  if (answered < 0.6 * accepted) missing.push(`only ${answered} of ${accepted} messages answered`);
  if (marked === 0) missing.push('no send of unknown outcome');
  return missing;
}
