import { setTimeout as sleep } from 'node:timers/promises';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { ChatHandle } from '../../src/simulators/telegram/handles.ts';
import type { TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';

/** An answer that is not there this long after the last question is missing, ms. */
const PATIENCE_MS = 20_000;
/** A second answer to a question would have come by then, and the last ones are settled, ms. */
const LINGER_MS = 500;

export interface Asked {
  readonly number: number;
  readonly emittedAt: number;
}

/** What became of one question. */
export interface Exchange extends Asked {
  /** When each answer's call arrived. */
  readonly answeredAt: readonly number[];
}

const TEXT = /^q(\d+) /;

/** People who write at a steady rate whether or not they are answered, each bot in turn, each of its chats in turn. */
export class Load {
  readonly #simulator: TelegramSimulator;
  readonly #chats: readonly ChatHandle[];
  readonly #rate: number;
  #asked: Asked[] = [];
  #total = 0;
  #answersBefore = 0;

  /** `chats` in the order in which they are written in. */
  constructor(simulator: TelegramSimulator, chats: readonly ChatHandle[], rate: number) {
    this.#simulator = simulator;
    this.#chats = chats;
    this.#rate = rate;
  }

  /** All questions so far. */
  get total(): number {
    return this.#total;
  }

  begin(): void {
    const { ledger } = this.#simulator;
    ledger.calls.length = 0;
    ledger.updates.length = 0;
    ledger.messages.length = 0;
    this.#asked = [];
    this.#answersBefore = ledger.counts.messages;
  }

  /** Resolves when all have been asked; returns the number of the first one that was not. */
  async ask(seconds: number): Promise<number> {
    const began = performance.now();
    for (let sent = 0; sent < this.#rate * seconds; sent++) {
      const early = began + (sent * 1_000) / this.#rate - performance.now();
      if (early > 0) await sleep(early);
      this.#say();
    }
    return this.#total;
  }

  /** Waits until everything has been answered, or for too long. */
  async end(): Promise<Exchange[]> {
    const expected = this.#answersBefore + this.#asked.length;
    await this.#simulator
      .waitFor(({ counts }) => counts.messages >= expected, AbortSignal.timeout(PATIENCE_MS))
      .catch(() => {});
    await sleep(LINGER_MS);
    const answers = new Map<number, number[]>();
    for (const { method, at, parameters } of this.#simulator.ledger.calls) {
      if (method !== 'sendMessage') continue;
      const [, number] = TEXT.exec(parameters['text']?.slice(ECHO_PREFIX.length) ?? '') ?? [];
      const known = answers.get(Number(number));
      if (known) known.push(at);
      else answers.set(Number(number), [at]);
    }
    return this.#asked.map((asked) => ({ ...asked, answeredAt: answers.get(asked.number) ?? [] }));
  }

  #say(): void {
    const number = this.#total++;
    this.#chats[number % this.#chats.length]?.say(`q${number} Are you open on Friday evening?`);
    const emittedAt = this.#simulator.ledger.updates.at(-1)?.emitted_at ?? Number.NaN;
    this.#asked.push({ number, emittedAt });
  }
}
