import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer, SealError } from './seal.ts';

const random = (count: number) => randomBytes(count);
const key = new Uint8Array(32).fill(1);
const sealer = createSealer(key, random);
const context = { userId: 'usr_1', integrationId: 'int_1' } as const;

/** Changes one character of base64url that carries whole bits of the value. */
const flip = (text: string, at: number) => `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;

describe('sealer', () => {
  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), (credential) => {
        expect(sealer.unseal(context, sealer.seal(context, credential))).toEqual({ ...credential });
      }),
    );
  });

  it('has a fresh nonce for each value and shows nothing of it', () => {
    const [one, two] = [1, 2].map(() => sealer.seal(context, { bot_token: 'plain', app_token: 'plain' }));
    const texts = [...Object.values(one ?? {}), ...Object.values(two ?? {})];
    expect(new Set(texts.map((text) => text.split('.')[2])).size).toBe(4);
    for (const text of texts) expect(text).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{7}\.[\w-]{22}$/);
  });

  it('opens nothing that was changed, moved, cut or renamed', () => {
    const { bot_token = '' } = sealer.seal(context, { bot_token: 'secret' });
    const fails = (of: Parameters<typeof sealer.unseal>[0], sealed: Record<string, string>) =>
      expect(() => sealer.unseal(of, sealed)).toThrow(SealError);
    for (let at = 0; at < bot_token.length - 1; at++) fails(context, { bot_token: flip(bot_token, at) });
    fails({ ...context, userId: 'usr_2' }, { bot_token });
    fails({ ...context, integrationId: 'int_2' }, { bot_token });
    fails(context, { app_token: bot_token });
    fails(context, { bot_token: bot_token.slice(0, -4) });
    fails(context, { bot_token: '' });
    fails(context, { bot_token: 'secret' });
  });

  it('opens nothing of another key and knows keys apart', () => {
    const other = createSealer(new Uint8Array(32).fill(2), random);
    const sealed = sealer.seal(context, { bot_token: 'secret' });
    expect(() => other.unseal(context, sealed)).toThrow('sealed with another key');
    expect(other.keyCheck).not.toBe(sealer.keyCheck);
    expect(createSealer(key, random).keyCheck).toBe(sealer.keyCheck);
  });

  it('keeps key and secret out of its errors', () => {
    const sealed = sealer.seal(context, { bot_token: 'canary-secret' });
    try {
      sealer.unseal({ ...context, userId: 'usr_2' }, sealed);
      expect.unreachable();
    } catch (error) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary-secret');
    }
    expect(inspect(sealer, { depth: 9, showHidden: true })).not.toMatch(/Uint8Array|Buffer/);
  });

  it('takes keys of 32 bytes only', () => {
    for (const length of [0, 16, 31, 33])
      expect(() => createSealer(new Uint8Array(length), random)).toThrow('32 bytes');
  });
});
