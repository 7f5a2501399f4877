import { describe, expect } from 'vitest';
import { listenTo } from './connector-receiver.ts';
import { one, openSender, pause, type Suite, sent, until } from './connector-world.ts';

export function senderCases(suite: Suite): void {
  const { connector, test } = suite;
  describe('sender', () => {
    test('sends a reply that people see', async () => {
      const world = suite.world();
      const link = await listenTo(suite);
      await world.post(world.here, 'hello?', 'mention');
      await until(() => link.heard.length > 0);
      const [message] = link.heard;
      const to = message?.at ?? world.here;
      await sent(await openSender(suite), { to, text: 'hello!', ...(message && { replyTo: message.id }) });
      const seen = (await world.transcript(world.here)).filter(({ fromBot }) => fromBot);
      expect(seen).toEqual([{ text: 'hello!', fromBot: true, answers: expect.stringContaining('hello?') }]);
    });

    test('does not know of a send without an answer whether it arrived', async () => {
      const world = suite.world();
      await world.nextSend('dropped');
      const result = await one(await openSender(suite), { to: world.here, text: 'lost?' });
      expect(result).toMatchObject({ ok: false, failure: { kind: 'retry', delivered: 'unknown' } });
    });

    test('knows that nothing arrived where nobody listens', async () => {
      const world = suite.world();
      const link = await openSender(suite);
      await world.down();
      // Until the closed connections are known to be closed, a write into one of them is ambiguous.
      await pause(100);
      const result = await one(link, { to: world.here, text: 'void' });
      expect(result).toMatchObject({ ok: false, failure: { kind: 'retry', delivered: 'no', reason: 'unreachable' } });
      expect(await link.typing?.(world.here, new AbortController().signal)).toBeUndefined();
      await world.up();
      await sent(link, { to: world.here, text: 'back' });
    });

    test('wants to try again when the platform fails', async () => {
      const world = suite.world();
      await world.nextSend('error');
      const result = await one(await openSender(suite), { to: world.here, text: 'oops' });
      expect(result).toMatchObject({ ok: false, failure: { kind: 'retry' } });
    });

    test('waits as long as it is told, without asking again', async () => {
      const world = suite.world();
      const link = await openSender(suite);
      await world.nextSend('limited', 2);
      const limited = await one(link, { to: world.here, text: 'slowly' });
      expect(limited).toMatchObject({ ok: false, failure: { kind: 'rate_limited' } });
      const wait = !limited.ok && limited.failure.kind === 'rate_limited' ? limited.failure.afterMs : 0;
      expect(wait).toBeGreaterThanOrEqual(1_900);
      expect(wait).toBeLessThanOrEqual(2_500);
      const calls = world.calls();
      expect(await one(link, { to: world.here, text: 'slowly' })).toMatchObject({ ok: false });
      expect(world.calls()).toBe(calls);
      await pause(wait);
      await sent(link, { to: world.here, text: 'slowly' });
    });

    test('F065 F097: uses a dead credential no more', async () => {
      const world = suite.world();
      const link = await openSender(suite);
      await world.revoke();
      const calls = world.calls();
      for (let round = 0; round < 5; round++) {
        expect(await one(link, { to: world.here, text: 'x' })).toEqual({
          ok: false,
          failure: { kind: 'unauthorized' },
        });
        await link.typing?.(world.here, new AbortController().signal);
      }
      expect(world.calls() - calls).toBeLessThanOrEqual(3);
    });

    test('gives a place up that it was expelled from', async () => {
      const world = suite.world();
      const link = await openSender(suite);
      await world.expel(world.here);
      expect(await one(link, { to: world.here, text: 'x' })).toMatchObject({ ok: false, failure: { kind: 'gone' } });
    });

    test('F055 F072: has every part accepted, up to the limit, and the parts are the answer', async () => {
      const world = suite.world();
      const link = await openSender(suite);
      const full = await connector.render('x'.repeat(connector.limits.textLength), world.here);
      const words = Array.from({ length: connector.limits.textLength / 3 }, (_, index) => `word${index}`).join(' ');
      for (const part of [...full, ...(await connector.render(words, world.here))]) {
        expect(part.text.length).toBeLessThanOrEqual(connector.limits.textLength);
        await sent(link, { to: world.here, text: part.text, format: part.format });
      }
      const seen = (await world.transcript(world.here)).map(({ text }) => text);
      const pieces = seen.slice(full.length);
      expect(seen.slice(0, full.length).join('')).toBe('x'.repeat(connector.limits.textLength));
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.join(' ')).toBe(words);
    });

    test('F056: renders nothing of nothing', async () => {
      const world = suite.world();
      for (const answer of ['', ' \n\n ', '\u200b']) expect(await connector.render(answer, world.here)).toEqual([]);
    });
  });
}
