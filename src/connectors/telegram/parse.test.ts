import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../core/policy.ts';
import { type Parsed, parse, type Self } from './parse.ts';
import type { WireUpdate } from './wire.ts';

const self: Self = { id: '7000000001', username: 'AriaBot' };

interface Case {
  readonly name: string;
  readonly update: WireUpdate;
  readonly parsed: Parsed;
}

const folder = new URL('./fixtures/', import.meta.url);

describe.each(readdirSync(folder))('%s', (file) => {
  const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
  it.each(cases)('$name', ({ update, parsed }) => {
    expect(parse(update, self)).toEqual(parsed);
  });
});

describe('parse', () => {
  it('F079: a channel post, its copy in the linked group, edits and service messages are nobody’s turn', () => {
    const all = readdirSync(folder).flatMap((file) => {
      const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
      return cases.map((one) => ({ ...one, file }));
    });
    const names = ['copy of a post of the linked channel', 'channel post', 'edited message'];
    const silent = all.filter(({ name, file }) => names.includes(name) || file === 'service.json');
    expect(silent.length).toBeGreaterThan(names.length + 5);
    for (const { name, update } of silent) {
      for (const message of parse(update, self).messages) {
        const fate = judge(
          { ...message, addressed: true },
          { enabled: true, autoRespond: true },
          message.sentAt,
          false,
        );
        expect(fate, name).toMatchObject({ kind: 'ignored' });
      }
    }
  });

  it('replaces lone surrogates', () => {
    const chat = { id: 5, type: 'private' };
    const message = { message_id: 1, date: 1, chat, from: { id: 5, is_bot: false, first_name: 'A' }, text: 'a\ud800' };
    expect(parse({ update_id: 1, message }, self).messages[0]?.text).toBe('a\ufffd');
  });

  it('yields storable text and a one-line name for any entities', () => {
    const entity = fc.record({
      type: fc.constantFrom('mention', 'bot_command', 'text_mention', 'bold'),
      offset: fc.integer({ min: -5, max: 40 }),
      length: fc.integer({ min: -5, max: 40 }),
    });
    const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => `@AriaBot ${value}`);
    fc.assert(
      fc.property(text, fc.array(entity), fc.string({ unit: 'binary' }), (value, entities, first_name) => {
        const message = {
          message_id: 1,
          date: 1,
          chat: { id: -5, type: 'supergroup' },
          from: { id: 5, is_bot: false, first_name },
          text: value,
          entities,
        };
        const [parsed] = parse({ update_id: 1, message } as WireUpdate, self).messages;
        expect(parsed?.text.isWellFormed()).toBe(true);
        expect(parsed?.text).not.toContain('\0');
        expect(parsed?.author.name).toMatch(/^[^\p{Cc}]{1,80}$/u);
      }),
    );
  });
});
