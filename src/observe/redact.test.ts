import { describe, expect, it } from 'vitest';
import { secretShapes } from '../connectors/registry.ts';
import { createLogger } from './logger.ts';
import { redact } from './redact.ts';

const telegram = `12345678:AA${'h'.repeat(33)}`;
const discord = `${'M'.repeat(24)}.GabcdE.${'x'.repeat(38)}`;
const secrets = [
  telegram,
  telegram.replace(':', '%3A'),
  discord,
  `xoxb-123456789012-123456789012-${'a'.repeat(24)}`,
  `xapp-1-A0123456789-123456789-${'b'.repeat(30)}`,
  `sk_live_${'k'.repeat(40)}`,
  `sk-proj-${'k'.repeat(40)}`,
];

describe('redact', () => {
  it.each(secrets)('removes %s at every offset, also around buffer sizes', (secret) => {
    for (const offset of [0, 1, 7, 16_379, 16_384, 16_390]) {
      expect(redact(`${'.'.repeat(offset)} ${secret} after`, secretShapes)).not.toContain(secret.slice(8));
    }
  });

  it('keeps the password out of a connection string and the rest in', () => {
    expect(redact('postgres://me:hunter2@db:5432/x', [])).toBe('postgres://me:[redacted]@db:5432/x');
  });

  it('leaves ids and plain text alone', () => {
    const text = 'int_d8f2a1b3c4e5 1098765432100001234 https://api.telegram.org 12:30:45';
    expect(redact(text, secretShapes)).toBe(text);
  });
});

describe('createLogger', () => {
  it('writes one JSON line per event, redacts causes, and escapes what would break a line', () => {
    const lines: string[] = [];
    const log = createLogger('info', (line) => lines.push(line), secretShapes).child({ bot: 'bot_1' });
    const cause = new Error(`GET https://api.telegram.org/bot${telegram}/getMe`);
    log.error('poll_failed', { error: new Error('fetch failed', { cause }), name: 'a\r\n\u001b[31mb' });
    log.debug('not written');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
    expect(lines[0]).not.toContain(telegram.slice(9));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'poll_failed', bot: 'bot_1', name: 'a\r\n\u001b[31mb' });
  });

  it('does not write what an error carries besides its message', () => {
    const lines: string[] = [];
    createLogger('info', (line) => lines.push(line), secretShapes).warn('x', {
      error: Object.assign(new Error('e'), { text: 'private words' }),
    });
    expect(lines.join()).not.toContain('private words');
  });
});
