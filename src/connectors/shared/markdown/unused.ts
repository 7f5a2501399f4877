import { isTooLong } from './links.ts';
import type { Definitions, Token } from './parser.ts';

/** `[//]: # (…)` is how a comment is written. */
const COMMENT = /\]:\s*(?:#|<>)(?:\s|$)/;

/** A label that is a number belongs to a list of sources: their titles and their order are told nowhere else. */
const NUMBER = /^\d+$/;

/** What a text in several slices has referred to so far, and each definition that was passed, as it is written. */
interface Seen {
  readonly used: Set<string>;
  readonly passed: Map<string, Set<string>>;
}

const seenWith = new WeakMap<Definitions, Seen>();

/**
 * Definitions that nothing refers to are sources, too: the content of their tokens becomes Markdown that shows them, each
 * once, and so are numbered ones. In a long text those are shown, too, that only a later slice refers to.
 */
export function keepUnused(tokens: readonly Token[], source: string, definitions: Definitions): void {
  if (!definitions.references) return;
  const seen = seenWith.get(definitions) ?? { used: new Set(), passed: new Map() };
  seenWith.set(definitions, seen);
  for (const token of tokens) addUsed(token.children, seen.used);
  let lines: string[] | undefined;
  let first: Token | undefined;
  for (const token of tokens) {
    if (token.type !== 'reference_definition') {
      first = undefined;
      continue;
    }
    lines ??= source.split(/\r\n?|\n/);
    const shown = asShown(token, lines, seen, definitions);
    if (shown === undefined) continue;
    // Those in a row are lines of one paragraph.
    if (first) first.content += `\n${shown}`;
    else token.content = shown;
    first ??= token;
  }
}

function addUsed(tokens: readonly Token[] | null, used: Set<string>): void {
  for (const { meta, children } of tokens ?? []) {
    if (typeof meta?.label === 'string') used.add(meta.label);
    if (children) addUsed(children, used);
  }
}

function asShown(
  token: Token,
  lines: readonly string[],
  { used, passed }: Seen,
  definitions: Definitions,
): string | undefined {
  const label = String(token.meta?.label);
  const [first = '', ...others] = lines.slice(...(token.map ?? [0, 0]));
  // Marks of quotes and items stand before it.
  const written = [first.slice(first.indexOf('[')), ...others.map((line) => line.replace(/^[\s>]+/, ''))]
    .join(' ')
    .trim();
  const before = passed.get(label) ?? new Set();
  passed.set(label, before);
  const isLink = !isTooLong(definitions.references?.[label]?.href ?? '');
  const isReferredTo = used.has(label) && before.size === 0 && isLink && !NUMBER.test(label);
  if (before.has(written)) return undefined;
  before.add(written);
  return isReferredTo || COMMENT.test(written) ? undefined : written.replace('[', '&#91;');
}
