import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboundMessage } from '../../core/message.ts';
import { parse, type Self } from './parse.ts';
import type { WireMessage } from './wire.ts';

const self: Self = { id: '1200000000000000009', roleIds: new Set(['31']) };

interface Case {
  readonly name: string;
  readonly message: WireMessage;
  readonly parent?: string;
  readonly parsed: InboundMessage | null;
}

const folder = new URL('./fixtures/', import.meta.url);

describe.each(readdirSync(folder))('%s', (file) => {
  const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
  it.each(cases)('$name', ({ message, parent, parsed }) => {
    expect(parse(message, self, parent)).toEqual(parsed ?? undefined);
  });
});

it('yields storable text and a one-line name, whatever comes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(text, text, text, (content, username, nick) => {
      const author = { id: '5', username };
      const mentions = [{ id: '6', username }];
      const parsed = parse(
        { id: '1', channel_id: '2', guild_id: '3', content: `<@6> ${content}`, author, member: { nick }, mentions },
        self,
      );
      expect(parsed?.text.isWellFormed()).toBe(true);
      expect(parsed?.text).not.toContain('\0');
      expect(parsed?.author.name).toMatch(/^[^\p{Cc}]{1,80}$/u);
    }),
  );
});
