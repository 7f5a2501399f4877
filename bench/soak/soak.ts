import { setTimeout as sleep } from 'node:timers/promises';
import { makePlace } from '../../chaos/place.ts';
import { createRandom } from '../../sim/world/random.ts';
import { type Hall, openHall, type Question } from '../isolation/hall.ts';
import { machine, writeResults } from '../shared/results.ts';
import { readOptions, type SoakOptions } from './options.ts';
import { type Sample, sampleOf, type Trend, trendOf } from './samples.ts';
import { makeTroubles, type Troubled } from './troubles.ts';

export { SOAK_OPTIONS } from './options.ts';

/** Discord, Telegram, Slack. */
const BOTS = [14, 14, 12] as const;
const WARM_UP_MS = 30_000;
const SAMPLE_MS = 10_000;
/** Flat: over the last two thirds a straight line through the samples grows by at most so much. */
const FLAT = { rss: 0.1, files: 10 } as const;
/** Slack rations what is found only in its history: for ten minutes, where it has once looked like its strictest class. */
const PATIENCE_MS = 900_000;
const LOOK_MS = 250;
/** Of the lost ones so many are told of. */
const TOLD = 20;
const NEAR_MS = 15_000;

/** Random troubles on three platforms for a long time: nothing is lost, and the server does not grow. */
export async function soak(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  const { cores, node } = machine();
  const place = await makePlace(options.store);
  let hall: Hall | undefined;
  try {
    hall = await openHall(place.env, BOTS, () => false);
    say(
      `soak: ${options.minutes} min, ${hall.members.length} bots, ${options.rate} questions a second, ${options.store}; ${cores} cores, Node ${node}`,
    );
    for (const member of hall.members) hall.ask(member);
    const silent = await hall.answered(WARM_UP_MS);
    if (silent.length > 0) throw new Error(`${silent.length} bots never answered`);
    const troubles = makeTroubles(hall, createRandom(`soak ${options.seed}`));
    const samples = await askFor(hall, options, say);
    const met = await troubles.stop();
    const drained = await drain(hall);
    const rss = trendOf(samples, 'rssMb');
    const files = trendOf(samples, 'files');
    const problems = [...violations(hall, met), ...growth(rss, files), ...missingWork(hall, options, met)];
    for (const line of report(hall, met, drained, rss, files)) say(line);
    const figures = { options, bots: BOTS, flat: FLAT, questions: hall.questions.length, met, drained, rss, files };
    say(`written to ${await writeResults('soak', { ...figures, samples, problems })}`);
    for (const problem of problems) say(`FAILED: ${problem}`);
    return problems.length === 0;
  } finally {
    await hall?.close();
    await place.drop();
  }
}

async function askFor(hall: Hall, { minutes, rate }: SoakOptions, say: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  const began = performance.now();
  const total = minutes * 60 * rate;
  let sampleAt = began;
  for (let count = 0; count < total; count++) {
    const early = began + (count * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early);
    const member = hall.members[count % hall.members.length];
    // Whoever is in trouble may answer late: nobody is waited for now.
    if (member) hall.ask(member, true);
    if (performance.now() < sampleAt) continue;
    sampleAt += SAMPLE_MS;
    const sample = sampleOf(hall.server.pid, (performance.now() - began) / 1_000);
    samples.push(sample);
    hall.look();
    if (samples.length % 6 !== 1) continue;
    const open = hall.questions.filter(isOpen).length;
    say(
      `${sample.at.toFixed(0)} s: ${sample.rssMb.toFixed(0)} MB, ${sample.files} files, ${count + 1} asked, ${open} open`,
    );
  }
  return samples;
}

const isOpen = ({ answers }: Question): boolean => answers.length === 0;

/** Waits for what is open, or too long; how long, s. */
async function drain(hall: Hall): Promise<number> {
  const began = performance.now();
  for (hall.look(); hall.questions.some(isOpen) && performance.now() - began < PATIENCE_MS; hall.look()) {
    await sleep(LOOK_MS);
  }
  return (performance.now() - began) / 1_000;
}

/** Telegram cannot say whether a send that was cut off arrived, so it may show that answer twice. */
function violations(hall: Hall, met: readonly Troubled[]): string[] {
  return hall.crowds.flatMap((crowd) => {
    const asked = hall.questions.filter(({ member }) => member.crowd === crowd);
    const lost = asked.filter(isOpen);
    const doubled = asked.filter(({ answers }) => answers.length > 1).length;
    const allowed = crowd.platform === 'telegram' ? crowd.ambiguous() : 0;
    return [
      ...(lost.length > 0
        ? [
            `${crowd.platform}: ${lost.length} lost, ${lost
              .slice(0, TOLD)
              .map((one) => storyOf(one, met))
              .join('; ')}`,
          ]
        : []),
      ...(doubled > allowed ? [`${crowd.platform}: ${doubled} doubled`] : []),
    ];
  });
}

/** The troubles of its bot around the question. */
function storyOf({ number, member, at }: Question, met: readonly Troubled[]): string {
  const near = met.filter(
    ({ id, at: from, ms }) => id === member.id && at > from - NEAR_MS && at < from + ms + NEAR_MS,
  );
  return `q${number} at ${at} after ${near.map((one) => `${one.name} (${one.at} +${one.ms} ms)`).join(', ') || 'nothing'}`;
}

function growth(rss: Trend, files: Trend): string[] {
  return [
    ...(rss.growth <= rss.mean * FLAT.rss ? [] : [`memory grew by ${rss.growth.toFixed(0)} MB`]),
    ...(files.growth <= FLAT.files ? [] : [`open files grew by ${files.growth.toFixed(0)}`]),
  ];
}

function missingWork(hall: Hall, { minutes, rate }: SoakOptions, met: readonly Troubled[]): string[] {
  return [
    ...(hall.questions.length < minutes * 60 * rate ? [`only ${hall.questions.length} questions`] : []),
    ...(met.length < minutes * 10 ? [`only ${met.length} troubles`] : []),
  ];
}

function report(hall: Hall, met: readonly Troubled[], drained: number, rss: Trend, files: Trend): string[] {
  const count = (wanted: (question: Question) => boolean) => hall.questions.filter(wanted).length;
  const trend = ({ growth, mean, samples }: Trend, unit: string) =>
    `mean ${mean.toFixed(0)} ${unit}, ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} over the last two thirds (${samples} samples)`;
  return [
    '',
    `asked ${hall.questions.length}, lost ${count(isOpen)}, doubled ${count(({ answers }) => answers.length > 1)}`,
    `troubles ${met.length} of ${new Set(met.map(({ name }) => name)).size} kinds; all answered ${drained.toFixed(0)} s after the last question`,
    `memory      ${trend(rss, 'MB')}; flat is at most +${FLAT.rss * 100}%`,
    `open files  ${trend(files, 'files')}; flat is at most +${FLAT.files}`,
    '',
  ];
}
