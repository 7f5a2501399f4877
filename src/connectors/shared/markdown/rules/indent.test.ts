import { describe, expect, it } from 'vitest';
import { read } from '../read.ts';
import { words } from '../runs.ts';

describe('items of two digits', () => {
  it.each([
    ['a list', '   - c\n   - d', '   - e'],
    ['a list after a blank line', '\n   1. c\n   2. d', '   1. e'],
    ['code', '   ```\n     c\n   ```', '   ```\n   d\n   ```'],
    ['a quote', '   > c\n   > d', '   > e'],
    ['a list that is deeper yet', '   - c\n     - d', '   - e'],
    ['a list behind as many spaces as it takes', '    - c\n    - d', '    - e'],
  ])('hold %s', (_, one, two) => {
    const blocks = read(`9. a\n${one}\n10. b\n${one}\n11. f\n${two}\n\nend`);
    expect(blocks).toMatchObject([
      { kind: 'list', start: 9, items: [{ blocks: [{}, {}] }, { blocks: [{}, {}] }, { blocks: [{}, {}] }] },
      { kind: 'paragraph' },
    ]);
    const [list] = blocks;
    const items = list?.kind === 'list' ? list.items : [];
    expect(items[1]?.blocks[1]).toEqual(items[0]?.blocks[1]);
  });

  it('leave code as it is', () => {
    const code = '10. a\n   - b';
    expect(words(read(`\`\`\`\n${code}\n\`\`\``))).toBe(code);
  });
});
