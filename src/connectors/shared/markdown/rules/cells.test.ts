import { describe, expect, it } from 'vitest';
import { read } from '../read.ts';
import { plain } from '../runs.ts';

/** The cells of the first table, with backticks around code. */
function cellsOf(source: string): readonly (readonly string[])[] {
  const table = read(source).find((block) => block.kind === 'table');
  const texts = (row: readonly Parameters<typeof plain>[0][]) =>
    row.map((cell) => plain(cell.map((run) => (run.code ? { text: `\`${run.text}\`` } : run))));
  return table ? [table.head, ...table.rows].map(texts) : [];
}

describe('cells', () => {
  const head = '| a | b |\n|---|---|\n';
  it.each<[string, string, readonly string[]]>([
    ['beyond the head', '| 1 | 2 | 3 note |', ['1', '2 | 3 note']],
    ['beyond the head, without bars at the ends', '1 | 2 | 3 | 4', ['1', '2 | 3 | 4']],
    ['of code with a bar', '| Optional | `x | undefined` |', ['Optional', '`x | undefined`']],
    ['of code with bars, and one more', '| `||` | `a || b` | c |', ['`||`', '`a || b` | c']],
    ['of code in longer ticks', '| ``a`|`b`` | c |', ['`a`|`b`', 'c']],
    ['with ticks that are no code', '| ` | ` |', ['`', '`']],
    ['with escaped bars', '| a \\| b | `c\\|d` |', ['a | b', '`c|d`']],
    ['that are missing', '| 1 |', ['1', '']],
  ])('%s', (_, row, expected) => {
    expect(cellsOf(head + row)).toEqual([['a', 'b'], expected]);
  });

  it('of a head with code', () => {
    expect(cellsOf('| `a|b` | c |\n|--|--|\n| 1 | 2 | 3 |')).toEqual([
      ['`a|b`', 'c'],
      ['1', '2 | 3'],
    ]);
  });

  it('of a head with code below words', () => {
    expect(cellsOf('So:\n| `a|b` | c |\n|--|--|\n| 1 | 2 |')).toEqual([
      ['`a|b`', 'c'],
      ['1', '2'],
    ]);
  });

  it('stand in quotes and items', () => {
    const quoted = `> ${head.replace('\n', '\n> ')}> | 1 | 2 | 3 |`;
    expect(read(quoted)).toMatchObject([{ blocks: [{ rows: [[[{ text: '1' }], [{ text: '2 | 3' }]]] }] }]);
    expect(read(`- ${head.replace('\n', '\n  ')}  | 1 | 2 | 3 |`)).toMatchObject([
      { items: [{ blocks: [{ rows: [[[{ text: '1' }], [{ text: '2 | 3' }]]] }] }] },
    ]);
  });

  it('leave what follows the table as it is', () => {
    expect(read(`${head}| 1 | 2 |\n\`\`\`a|b|c|d\na | b | c\n\`\`\``).at(-1)).toEqual({
      kind: 'code',
      language: 'a',
      text: 'a | b | c',
    });
  });
});
