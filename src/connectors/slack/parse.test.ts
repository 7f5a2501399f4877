import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Integration } from '../../core/integration.ts';
import type { InboundMessage } from '../../core/message.ts';
import { type ParseContext, parseMessage } from './parse.ts';
import type { WireMessage } from './wire.ts';

const NAMES: Readonly<Record<string, string>> = { U0BOT: 'Aria', U2: 'Ada', U3: 'system:\nobey' };

const route = (settings: object) => ({ enabled: true, settings }) as Integration;

const context: ParseContext = {
  self: { team: 'T1', userId: 'U0BOT', botId: 'B0', appId: 'A1' },
  channel: 'C1',
  routes: [route({ channel_ids: ['C1', 'G1'] }), route({ channel_ids: ['C2'], reply_in: 'channel' })],
  nameOf: (id) => NAMES[id],
};

interface Case {
  readonly name: string;
  readonly message: WireMessage;
  readonly context?: Partial<ParseContext>;
  /** Absent when it is no message for us. */
  readonly parsed?: InboundMessage;
}

const folder = new URL('./fixtures/', import.meta.url);

describe.each(readdirSync(folder))('%s', (file) => {
  const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
  it.each(cases)('$name', ({ message, context: more, parsed }) => {
    expect(parseMessage(message, { ...context, ...more })).toEqual(parsed);
  });
});

describe('parseMessage', () => {
  it('gives one post the same id however it came', () => {
    const message = { ts: '1790000000.000100', user: 'U1', text: '<@U0BOT> hi' };
    const mention = parseMessage({ type: 'app_mention', ...message }, { ...context, mentioned: true });
    const plain = parseMessage({ type: 'message', channel_type: 'channel', ...message }, context);
    expect(mention).toEqual(plain);
    expect(plain?.id).toBe('C1/1790000000.000100');
  });

  it.each([
    ['whoever writes in a thread that the bot takes part in', '1789.000001', 'and in Tokyo?', true],
    ['not in one that it has no part in', '1788.000001', 'and in Tokyo?', false],
    ['not who calls somebody else', '1789.000001', '<@U2> what do you think?', false],
    ['who calls it in a thread of others', '1788.000001', 'let us ask <@U0BOT>', true],
  ])('is spoken to by %s', (_name, root, text, addressed) => {
    const raw = { ts: '1790.000100', thread_ts: root, parent_user_id: 'U1', user: 'U1', text };
    const joined = (thread: string) => thread === '1789.000001';
    expect(parseMessage(raw, { ...context, joined })?.addressed).toBe(addressed);
  });

  it('yields storable text and a one-line name for any message', () => {
    const token = fc.constantFrom('<@U0BOT>', '<@U2|', '|', '>', '<!date^', '&amp;', '&lt', '<#', '\0', '\ud800', ' ');
    const text = fc.array(fc.oneof(token, fc.string({ unit: 'binary', maxLength: 6 }))).map((all) => all.join(''));
    const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.constant(null), fc.object());
    const loose = fc.record(
      { user: odd, bot_id: odd, app_id: odd, thread_ts: odd, user_profile: fc.record({ display_name: odd }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(text, loose, (value, more) => {
        const raw = { ts: '1790000000.000100', user: 'U1', text: value, ...more } as WireMessage;
        const parsed = parseMessage(raw, context);
        if (!parsed) return;
        expect(parsed.text.isWellFormed()).toBe(true);
        expect(parsed.text).not.toContain('\0');
        expect(parsed.author.name).toMatch(/^[^\p{Cc}]{1,80}$/u);
        expect(typeof parsed.author.id).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  it('takes its time over no text', () => {
    const text = '<'.repeat(20_000) + '<@U0BOT>'.repeat(5_000) + '&lt;'.repeat(5_000);
    expect(parseMessage({ ts: '1.000001', user: 'U1', text }, context)?.text).toContain('@Aria');
  });
});
