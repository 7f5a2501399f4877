import { expect, test } from 'vitest';
import { read, shown } from './shown.ts';

test.each([
  ['plain words, 2 * 3 and snake_case_too', 'plain words, 2 * 3 and snake_case_too'],
  ['**a** *b* _c_ __d__ ~~e~~ ||f|| ***g*** **h *i* j**', 'a b c d e f g h i j'],
  ['\\*a\\* \\_b\\_ \\# C:\\d', '*a* _b_ # C:\\d'],
  ['`*a*` ``b`c`` `` ` ``', '*a* b`c `'],
  ['a_b_ c', 'ab c'],
  ['# Title\n## Next\n-# small', 'Title\nNext\nsmall'],
  ['> a\n> **b**\nc', 'a\nb\nc'],
  ['> ```js\n> x\n> ```', 'x'],
  ['- a\n  - b\n1. c', '• a\n  • b\n1. c'],
  ['- a\n  ```\n    x\n  ```', '• a\n    x'],
  ['```js\n*a*\n```', '*a*'],
  ['[words (a.example)](<https://a.example/x>) <https://b.example>', 'words (a.example) https://b.example'],
  ['a\u200Bb', 'ab'],
])('%j shows as %j', (content, text) => {
  expect(shown(content)).toBe(text);
});

test('names tokens and links, and neither where they are escaped or code', () => {
  const content = '<@1> <#2> @everyone <:a:3> :smile: [x](https://a.example) \\<t:1:R> <\\@1> \\@here `<@1>` 12:30:45';
  expect(read(content)).toMatchObject({
    tokens: ['<@1>', '<#2>', '@everyone', '<:a:3>', ':smile:'],
    links: [{ words: 'x', url: 'https://a.example', enclosed: false }],
  });
});
