import type { Part } from '../src/core/delivery.ts';

/** What a platform would say of an answer. One per platform, in `fuzz/platforms/`. */
export interface Judge {
  readonly platform: string;
  /** As its connector does. */
  render(answer: string): Promise<readonly Part[]>;
  /**
   * What the platform's strict simulator, and the rules of a good message, hold against these parts, in words: refusals, too
   * long, a surrogate pair or a grapheme broken at a cut, a mention that would fire, a preview. Empty when all is well.
   */
  violations(parts: readonly Part[]): readonly string[];
  /** What a person sees, all parts joined by newlines; a part's file as its content. */
  shown(parts: readonly Part[]): string;
}
