/** Something that wants to look at the clock now and then. */
export interface Beating {
  /** `late`: the process was busy or asleep, so what should have come by now may still lie unread. */
  beat(late: boolean): void;
}

const BEAT_MS = 250;
const LATE_MS = 1_000;

/** One timer for all links of the process instead of one each. It runs only while there are any. */
export class Wheel {
  readonly #members = new Set<Beating>();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  add(member: Beating): void {
    this.#members.add(member);
    if (this.#timer) return;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#turn(), BEAT_MS);
  }

  remove(member: Beating): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #turn(): void {
    const now = performance.now();
    const late = now - this.#last > BEAT_MS + LATE_MS;
    this.#last = now;
    for (const member of this.#members) member.beat(late);
  }
}
