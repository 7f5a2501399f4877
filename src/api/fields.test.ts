import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiError } from './errors.ts';
import { readFields } from './fields.ts';

const schema = z.object({
  name: z.string().min(1).max(5),
  tags: z.array(z.string().regex(/^t\d$/, 'Must be a tag.')).optional(),
});

function fieldsOf(raw: Record<string, unknown>): unknown {
  try {
    readFields(raw, schema);
  } catch (error) {
    if (error instanceof ApiError) return error.details['fields'];
    throw error;
  }
  return undefined;
}

describe('readFields', () => {
  it('names everything that is wrong at once', () => {
    expect(fieldsOf({ tags: ['t1', 'x'], colour: 1, 'na me': 2 })).toEqual({
      name: 'Required.',
      tags: 'At 1: Must be a tag.',
      colour: 'Unknown field.',
      'na me': 'Unknown field.',
    });
  });

  it('passes over read-only fields and nothing else', () => {
    expect(fieldsOf({ name: 'a', id: 'int_x', status: 5, health: {}, message_count: -1 })).toBeUndefined();
    expect(fieldsOf({ name: 'a', user_id: 'usr_1' })).toEqual({ user_id: 'Unknown field.' });
  });

  it('tells of __proto__ and constructor without touching them', () => {
    const fields = fieldsOf(JSON.parse('{"name":"a","__proto__":{"admin":true},"constructor":1}'));
    expect(Object.keys(fields as object)).toEqual(['__proto__', 'constructor']);
    expect((fields as { admin?: boolean }).admin).toBeUndefined();
  });

  it('cuts what it repeats of the caller', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}${'x'.repeat(500)}`, 1]));
    const fields = fieldsOf({ name: 'a', ...many }) as object;
    expect(Object.keys(fields).length).toBe(20);
    expect(JSON.stringify(fields).length).toBeLessThan(2500);
  });

  it('never repeats a value', () => {
    expect(JSON.stringify(fieldsOf({ name: 'secret-value', tags: ['secret-value'] }))).not.toContain('secret');
  });
});
