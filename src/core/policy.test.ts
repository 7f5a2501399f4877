import { describe, expect, it } from 'vitest';
import type { InboundMessage } from './message.ts';
import { defaultOptions } from './options.ts';
import { commandOf, judge, overhears } from './policy.ts';

const message = (over: Partial<InboundMessage> = {}): InboundMessage => ({
  id: 'm1',
  at: { channel: 'c1' },
  author: { id: 'u1', name: 'Ada', kind: 'person' },
  text: 'hello',
  sentAt: 0,
  addressed: true,
  ...over,
});

describe('commands', () => {
  const spokenTo = { autoRespond: false };
  it.each([
    ['/start', true],
    ['/start@nova_bot', true],
    ['/Start ref_42', true],
    ['/start\nhello', true],
    ['/started', false],
    ['please /start', false],
  ])('%j opens a conversation of two: %s', (text, opens) => {
    expect(commandOf(message({ text, direct: true }), spokenTo)).toBe(opens ? 'start' : undefined);
    expect(commandOf(message({ text }), spokenTo)).toBeUndefined();
  });

  it.each([
    ['/reset', true],
    [' /RESET@nova_bot ', true],
    ['/reset everything', false],
    ['/resetting', false],
  ])('%j forgets: %s', (text, forgets) => {
    expect(commandOf(message({ text }), spokenTo)).toBe(forgets ? 'reset' : undefined);
    expect(commandOf(message({ text, addressed: false }), spokenTo)).toBeUndefined();
    // Where every message is for the bot, so is this one.
    expect(commandOf(message({ text, addressed: false }), { autoRespond: true })).toBe(forgets ? 'reset' : undefined);
  });
});

describe('a message without anything to look at', () => {
  it.each(['', ' \n', '\u200B\u2060', '\u{E0041}\u{E0042}', '\u2800', '\u202E'])('%j asks nothing', (text) => {
    const fate = judge(message({ text }), { enabled: true, autoRespond: true }, 0, false);
    expect(fate).toEqual({ kind: 'ignored', reason: 'no_text' });
  });

  it.each(['?', '👍', '\u200Bhi'])('%j is none', (text) => {
    expect(judge(message({ text }), { enabled: true, autoRespond: true }, 0, false)).toBeNull();
  });
});

describe('a conversation that is full', () => {
  it('takes no more', () => {
    const at = (full: boolean) => judge(message(), { enabled: true, autoRespond: true }, 0, full);
    expect([at(false), at(true)]).toEqual([null, { kind: 'expired', reason: 'backlog' }]);
  });
});

describe('what is overheard', () => {
  const quiet = { enabled: true, autoRespond: false };
  const overheard = (over: Partial<InboundMessage>, by = quiet, storeContent = true) =>
    overhears(judge(message({ addressed: false, ...over }), by, 0, false), {
      options: { ...defaultOptions, storeContent },
    });

  it('is what a person says to others where the bot listens', () => {
    expect(overheard({})).toBe(true);
  });

  it.each([
    ['is spoken to it', { addressed: true }],
    ['is spoken to another bot', { addressedElsewhere: true }],
    ['a bot says', { author: { id: 'b', name: 'B', kind: 'bot' } }],
    ['has no text', { text: ' ' }],
  ] as const)('but not what %s', (_name, over) => {
    expect(overheard(over)).toBe(false);
  });

  it('nor anything while it is paused, or keeps nothing', () => {
    expect(overheard({}, { ...quiet, enabled: false })).toBe(false);
    expect(overheard({}, quiet, false)).toBe(false);
    expect(overheard({}, { ...quiet, autoRespond: true })).toBe(false);
  });
});
