import type { Entity } from './entities.ts';
import { unparsable } from './html.ts';

/** Those may contain each other and be part of any other but code [T1]. */
const looks = new Set(['bold', 'italic', 'underline', 'strikethrough', 'spoiler']);
const code = new Set(['code', 'pre']);
const quotes = new Set(['blockquote', 'expandable_blockquote']);

/**
 * "If two entities have common characters, then one is fully contained inside the other", and not any in any [T1]. The
 * server mends some of what is refused here, by dropping looks without a word: nobody should rely on that.
 */
export function checkNesting(sorted: readonly Entity[]): void {
  const open: Entity[] = [];
  for (const entity of sorted) {
    if (entity.length === 0) continue;
    while ((open.at(-1) ?? entity).offset + (open.at(-1) ?? entity).length <= entity.offset) open.pop();
    const outer = open.at(-1);
    if (outer && outer.offset + outer.length < entity.offset + entity.length) {
      throw unparsable(`${entity.type} at UTF-16 offset ${entity.offset} overlaps ${outer.type}`);
    }
    // Where both cover the same characters, either may be meant as the outer one.
    const refused = open.find((other) => {
      const same = other.offset === entity.offset && other.length === entity.length;
      return !mayContain(other, entity) && !(same && mayContain(entity, other));
    });
    if (refused) {
      throw unparsable(`${entity.type} at UTF-16 offset ${entity.offset} can't be part of ${refused.type}`);
    }
    open.push(entity);
  }
}

function mayContain(outer: Entity, inner: Entity): boolean {
  if (code.has(outer.type)) return false;
  if (quotes.has(outer.type)) return !quotes.has(inner.type);
  if (code.has(inner.type)) return false;
  return looks.has(outer.type) || looks.has(inner.type);
}
