import type { ZodObject, z } from 'zod';
import { invalidFields } from './errors.ts';

type Raw = Readonly<Record<string, unknown>>;

/**
 * What we answer with and nobody can set. Clients send back what they got, so these are passed over in every body; any
 * other unknown field is a mistake that we name, for a misspelt setting that is silently ignored is worse.
 */
const READ_ONLY: ReadonlySet<string> = new Set([
  'id',
  'platform',
  'status',
  'message_count',
  'connected_at',
  'last_message_at',
  'health',
  'notices',
  'created_at',
  'updated_at',
]);

/** Unknown names are cut and counted: they are the caller's text, and come back in the answer. */
const SHOWN_NAMES = 20;
const SHOWN_LENGTH = 64;

export function isReadOnly(name: string): boolean {
  return READ_ONLY.has(name);
}

export function pick(raw: Raw, names: Iterable<string>): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(raw, name)) picked[name] = raw[name];
  return picked;
}

/** Collects what is wrong with a body over several schemas, so that the answer names all of it at once. */
export interface FieldReader {
  /** Undefined when something was wrong; `done` then throws. */
  part<S extends ZodObject>(schema: S, value: Raw): z.output<S> | undefined;
  /** A rule that no schema can express. */
  wrong(field: string, message: string): void;
  /** Throws if anything was wrong. */
  done(): void;
}

/** Refuses each field that is in none of `known`, unless it is read-only or in `ignored`. */
export function fieldReader(raw: Raw, known: Iterable<string>, ignored: Iterable<string> = []): FieldReader {
  const wrong = new Map<string, string>();
  const expected = new Set([...known, ...ignored]);
  for (const name of Object.keys(raw)) {
    if (expected.has(name) || isReadOnly(name) || wrong.size >= SHOWN_NAMES) continue;
    wrong.set(name.slice(0, SHOWN_LENGTH), 'Unknown field.');
  }
  return {
    part: (schema, value) => {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      for (const issue of result.error.issues) {
        const [field, ...inner] = issue.path.map(String);
        if (field === undefined || wrong.has(field)) continue;
        const missing = inner.length === 0 && issue.code !== 'custom' && value[field] === undefined;
        const where = inner.length > 0 ? `At ${inner.join('.')}: ` : '';
        wrong.set(field, missing ? 'Required.' : `${where}${issue.message}`);
      }
      if (wrong.size === 0) wrong.set('body', result.error.issues[0]?.message ?? 'Not valid.');
      return undefined;
    },
    wrong: (field, message) => {
      if (!wrong.has(field)) wrong.set(field, message);
    },
    done: () => {
      if (wrong.size > 0) throw invalidFields(wrong);
    },
  };
}

/** A body that one schema describes. */
export function readFields<S extends ZodObject>(raw: Raw, schema: S): z.output<S> {
  const names = Object.keys(schema.shape);
  const reader = fieldReader(raw, names);
  const value = reader.part(schema, pick(raw, names));
  reader.done();
  return value as z.output<S>;
}
