import type { Campaign } from './campaign.ts';

/** What broke the promise (faults.md §1.1, C1 to C4). Where a platform shows repeats, those of unknown sends are none. */
export function violations({ verdicts, problems }: Campaign): string[] {
  const broken: string[] = [...problems];
  for (const { platform, lost, doubled, unexcused, ambiguous, unordered, strange, misuse } of verdicts) {
    const say = (count: number, what: string) => {
      if (count > 0) broken.push(`${platform}: ${count} ${what}`);
    };
    say(lost.length, 'lost');
    if (platform === 'telegram') {
      say(unexcused.length, 'doubled although their sender was told and alive');
      if (doubled.length > ambiguous) say(doubled.length, `doubled, more than the ${ambiguous} ambiguous sends`);
    } else say(doubled.length, 'doubled');
    say(unordered.length, 'out of order');
    say(strange.length, `messages that answer nothing, such as ${strange[0]}`);
    say(misuse, 'calls that the platform refuses as malformed');
  }
  return broken;
}

/** What is missing for a campaign to mean anything: it must not pass by doing nothing. */
export function missingWork({ options, seconds, rounds, verdicts }: Campaign): string[] {
  const missing: string[] = [];
  if (rounds.length < options.rounds) missing.push(`only ${rounds.length} of ${options.rounds} rounds`);
  for (const { platform, posted, answered } of verdicts) {
    const wanted = Math.floor((options.rate / verdicts.length) * seconds * 0.8);
    if (posted < wanted) missing.push(`${platform}: only ${posted} questions in ${seconds.toFixed(0)} s`);
    if (answered === 0) missing.push(`${platform}: nothing answered`);
  }
  const kills = rounds.filter(({ how }) => how === 'kill');
  const met = kills.filter(({ sends, open }) => sends > 0 || open > 0);
  if (met.length < kills.length / 2) missing.push(`only ${met.length} of ${kills.length} kills met anything in flight`);
  return missing;
}
