import { z } from '@hono/zod-openapi';
import { invalidFields } from './errors.ts';

export const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** For the documentation; query strings are text, so they are read below. */
export const pageQuerySchema = z.object({
  limit: z.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).openapi({ description: 'Items per page.' }),
  offset: z.number().int().min(0).default(0).openapi({ description: 'Items to skip.' }),
});

const DIGITS = /^\d{1,9}$/;

export function readPage(query: URLSearchParams): { limit: number; offset: number } {
  const wrong = new Map<string, string>();
  const read = (name: string, fallback: number, min: number, max: number): number => {
    const [text, ...more] = query.getAll(name);
    if (text === undefined) return fallback;
    const value = DIGITS.test(text) && more.length === 0 ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
      wrong.set(name, `Must be a whole number, ${range}.`);
    }
    return value;
  };
  const page = {
    limit: read('limit', DEFAULT_LIMIT, 1, MAX_LIMIT),
    offset: read('offset', 0, 0, Number.MAX_SAFE_INTEGER),
  };
  if (wrong.size > 0) throw invalidFields(wrong);
  return page;
}
