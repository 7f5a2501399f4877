import { setTimeout as sleep } from 'node:timers/promises';
import type { Hall, Member, Question } from './hall.ts';

/** An answer that is not there by then is missing, ms. */
const PATIENCE_MS = 20_000;
const STATUS_EVERY_MS = 1_000;
/** A probe that was not answered is asked again after this, ms. */
const PROBE_MS = 20_000;

export interface Window {
  /** Of the others, from the question to the first answer, ms. */
  readonly latencies: readonly number[];
  /** What must not have happened to the others. */
  readonly problems: readonly string[];
}

/** Those whose trouble is over and who are not well yet: they are asked no more until they are. */
export class Away {
  readonly #probes = new Map<Member, Question | undefined>();

  get size(): number {
    return this.#probes.size;
  }

  get names(): string[] {
    return [...this.#probes.keys()].map(name);
  }

  has(member: Member): boolean {
    return this.#probes.has(member);
  }

  add(member: Member): void {
    this.#probes.set(member, undefined);
  }

  /** Those who are connected and have answered again are back. */
  async look(hall: Hall): Promise<void> {
    hall.look();
    for (const [member, probe] of this.#probes) {
      const answered = probe && probe.answers.length > 0;
      if (answered && (await hall.health(member)).state === 'connected') this.#probes.delete(member);
      else if (!answered && Date.now() - (probe?.at ?? 0) > PROBE_MS) this.#probes.set(member, hall.ask(member, true));
    }
  }
}

export const name = ({ crowd, trouble, seat }: Member): string => `${crowd.platform} ${trouble?.name ?? seat}`;

/** Everybody is asked in turn at a steady rate, and no bot faster than its platform allows. */
export async function runWindow(
  hall: Hall,
  away: Away,
  { seconds, rate }: { readonly seconds: number; readonly rate: number },
  victim?: Member,
): Promise<Window> {
  const asked = hall.members.filter((member) => !away.has(member));
  const others = new Set(asked.filter((member) => member !== victim));
  const problems: string[] = [];
  const checkStatus = async () => {
    const statuses = await hall.statuses();
    for (const member of others) {
      const status = statuses.get(member.id);
      if (status !== 'active') problems.push(`${name(member)} became ${status}`);
    }
  };
  const from = hall.questions.length;
  const began = performance.now();
  const total = seconds * rate;
  const turn = Math.floor(Math.random() * asked.length);
  let statusAt = began + STATUS_EVERY_MS;
  for (let count = 0; count < total; count++) {
    const early = began + (count * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early);
    const member = asked[(turn + count) % asked.length];
    if (member) hall.ask(member, !others.has(member));
    if (performance.now() < statusAt) continue;
    statusAt += STATUS_EVERY_MS;
    await checkStatus();
  }
  for (const { member } of await hall.answered(PATIENCE_MS)) problems.push(`${name(member)} did not answer`);
  await checkStatus();
  const questions = hall.questions.slice(from).filter(({ member }) => others.has(member));
  for (const { member, answers } of questions) {
    if (answers.length > 1) problems.push(`${name(member)} answered ${answers.length} times`);
  }
  const latencies = questions.flatMap(({ at, answers: [first] }) => (first === undefined ? [] : [first - at]));
  return { latencies, problems };
}
