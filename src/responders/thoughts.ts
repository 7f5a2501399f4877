/** What a model may call its thoughts. */
const TAGS = ['think', 'thinking', 'thought', 'reasoning'];
const LONGEST = Math.max(...TAGS.map((tag) => tag.length)) + 3;

/**
 * Some servers hand a model's thoughts over as the beginning of its answer, `<think>…</think>`: they are nobody's business.
 * Only there are they looked for: further on the tags may be what the answer is about.
 */
export class Thoughts {
  #held = '';
  /** What ends them; empty when there are none (any more). `undefined`: not known yet. */
  #end: string | undefined;

  /** What of this text belongs to the answer, together with what was held back before. */
  answerIn(text: string): string {
    if (this.#end === '') return text;
    this.#held += text;
    if (this.#end === undefined) {
      const begun = this.#held.trimStart();
      const tag = TAGS.find((name) => begun.toLowerCase().startsWith(`<${name}>`));
      if (tag !== undefined) this.#end = `</${tag}>`;
      else if (mayBegin(begun)) return '';
      else return this.rest();
    }
    const at = this.#held.toLowerCase().indexOf(this.#end);
    if (at === -1) {
      // The end may come in pieces.
      this.#held = this.#held.slice(-LONGEST);
      return '';
    }
    const answer = this.#held.slice(at + this.#end.length);
    this.#held = '';
    this.#end = '';
    return answer;
  }

  /** At the end: what looked like the beginning of thoughts and was none. */
  rest(): string {
    const rest = this.#end === undefined ? this.#held : '';
    this.#held = '';
    this.#end = '';
    return rest;
  }
}

function mayBegin(text: string): boolean {
  return TAGS.some((name) => `<${name}>`.startsWith(text.toLowerCase()));
}
