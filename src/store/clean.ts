const REPLACEMENT = '\uFFFD';

const cleanText = (text: string): string => {
  const wellFormed = text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', REPLACEMENT) : wellFormed;
};

/**
 * Replaces NUL and lone surrogates in every string of plain data, names of fields included: PostgreSQL refuses both, and
 * a message must not be lost over a character.
 */
export function clean<T>(value: T): T;
export function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (typeof value !== 'object' || value === null) return value;
  const copy: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) copy.push([cleanText(name), clean(item)]);
  return Object.fromEntries(copy);
}
