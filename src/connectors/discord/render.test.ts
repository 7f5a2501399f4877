import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render, TEXT_LENGTH } from './render.ts';

describe('render', () => {
  it.each(['', ' \n\t', '\u200b\u2060', '\u2800'])('makes nothing of %j', async (answer) => {
    expect(await render(answer)).toEqual([]);
  });

  it('writes the Markdown that the platform knows, and shows all other signs as they are', async () => {
    const answer =
      '# Title\n**bold** [link](https://example.com/a) _so_\n```ts\nconst a = 1;\n```\n1 * 2, @everyone <@5>';
    expect(await render(answer)).toEqual([
      {
        text: [
          '# Title',
          '**bold** [link (example.com)](<https://example.com/a>) *so*',
          '```ts',
          'const a = 1;',
          '```',
          '1 * 2, \\@everyone <\\@5>',
        ].join('\n'),
      },
    ]);
  });

  it('puts what is too long for a chat into a file, whole', async () => {
    const answer = 'One more sentence.\u200B '.repeat(2_000);
    const parts = await render(answer);
    expect(parts.map(({ file }) => file !== undefined)).toEqual([false, false, false, false, true]);
    expect(parts[4]).toEqual({
      text: 'The answer is too long for a chat: all of it is in the file.',
      file: { name: 'answer.md', content: answer.replaceAll('\u200B', '') },
    });
  });

  it('F055: keeps every part within the limit, well-formed and visible', async () => {
    const piece = fc.oneof(
      fc.constantFrom('😀'.repeat(700), '*_'.repeat(900), '\n\n', '```js\n', '```\n', '\u2800'.repeat(2200), ' '),
      fc.constantFrom(
        '- a\n  1. b\n',
        '> q\n> > r\n',
        '| a | b |\n|--|--|\n| 1 | 2 |\n',
        '**x',
        '[l](http://h.example)',
      ),
      fc.lorem({ maxCount: 200 }),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        for (const { text } of await render(pieces.join(''))) {
          expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH);
          expect(text.isWellFormed()).toBe(true);
          expect(text.trim()).not.toBe('');
        }
      }),
    );
  });
});
