import { describe, expect, it } from 'vitest';
import { definitionsIn } from './definitions.ts';
import { read } from './read.ts';
import { words } from './runs.ts';

const text = (source: string): string => words(read(source));

describe('definitions', () => {
  it('that nothing refers to are shown, those in a row as lines of one paragraph', () => {
    const href = 'https://example.com/a_b_';
    expect(read(`Sources:\n\n[1]: ${href}\n[2]: https://example.com/b "The B paper"`)).toEqual([
      { kind: 'paragraph', runs: [{ text: 'Sources:' }] },
      {
        kind: 'paragraph',
        runs: [
          { text: '[1]: ' },
          { text: href, href },
          { text: '\n[2]: ' },
          { text: 'https://example.com/b', href: 'https://example.com/b' },
          { text: ' "The B paper"' },
        ],
      },
    ]);
  });

  it.each([
    [
      'that a link refers to',
      '[a] ![b]\n\n[a]: https://x.example\n[B]: https://x.example',
      'a (x.example) b (x.example)',
    ],
    ['that are comments', '[//]: # (nothing)\n[x]: <>', ''],
    ['that are there again', '[a]\n\n[a]: https://x.example\n\n[a]: https://x.example', 'a (x.example)'],
  ])('%s are hidden', (_, source, expected) => {
    expect(text(source)).toBe(expected);
  });

  it.each([
    ['in quotes', '> [a]: https://x.example\n> "t"', '[a]: https://x.example "t"'],
    ['in items', '- [a]: https://x.example\n- b', '[a]: https://x.example\nb'],
    [
      'of another address',
      '[a]\n\n[a]: https://x.example\n[a]: https://y.example/b',
      'a (x.example)\n[a]: https://y.example/b',
    ],
    ['twice', '[a]: https://x.example\n\n[a]: https://x.example', '[a]: https://x.example'],
  ])('%s are shown once', (_, source, expected) => {
    expect(text(source)).toBe(expected);
  });

  it.each([
    '[Max]: Hello!\n[Eva]: Hi!\n\n[Max] hugs [Eva].',
    '[HP]: 24/30\n\nYour [HP] is low!',
    'Inflation rose [1].\n\n[1]: doi:10.1000/182',
    'It grew [1], [2], [3].\n\n[1]: example.com/a\n[2]: /local/file.pdf "Title"\n[3]: Smith2020',
    'Options: [a] yes\n\n[a]: yes',
    'Options: [a] yes\n\n[a]: javascript:alert(1)',
  ])('are only those that lead somewhere: %j', (source) => {
    expect(text(source)).toBe(source.replaceAll('\n\n', '\n'));
  });

  it('with numbers are a list of sources, and shown in any case', () => {
    const sources = '[1]: https://a.example/x "Inflation"\n[2]: https://b.example/y';
    expect(text(`2.1% [1][2], wages [2].\n\n**Sources**\n\n${sources}`)).toBe(
      `2.1% [1 (a.example)] [2 (b.example)], wages [2 (b.example)].\nSources\n${sources}`,
    );
  });

  it('do not take the place of the box of a task', () => {
    expect(read('[x]: done\n\n- [x] Task')).toMatchObject([{}, { items: [{ checked: true }] }]);
  });

  it('may be addresses of mail', () => {
    expect(text('[Write] me.\n\n[write]: mailto:a@b.example')).toBe('Write (a@b.example) me.');
    expect(text(`[](mailto:a${'👍'.repeat(200)})`).isWellFormed()).toBe(true);
  });

  it('are known to all slices of a long text, and those that are used are hidden', () => {
    const end = '[1]: https://1.example\n[a]: https://a.example\n[2]: https://2.example';
    const definitions = definitionsIn(`${'see [1]. '.repeat(2_000)}\n\n${end}`);
    expect(words(read('see [1]', definitions))).toBe('see [1 (1.example)]');
    expect(words(read('see [a]', definitions))).toBe('see a (a.example)');
    expect(words(read(end, definitions))).toBe('[1]: https://1.example\n[2]: https://2.example');
  });
});

describe('an address that is too long for a link', () => {
  const address = `https://x.example/${'a'.repeat(2_048)}`;
  it.each([
    ['follows the words', `[w](${address})`, `w (${address})`],
    ['stands for an image', `![](${address})`, address],
    ['is not there twice', `[${address}](${address})`, address],
    ['is shown once where it is defined', `[w] [w]\n\n[w]: ${address}`, `w w\n[w]: ${address}`],
  ])('%s', (_, source, expected) => {
    expect(text(source)).toBe(expected);
  });
});
