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
  ['- a\n  - b\n- c', '• a\n  • b\n• c'],
  ['- a\n  1. b\n  - c\n    d\n1. e\nf', '• a\n  1. b\n  2. c\nd\n• e\nf'],
  ['0. a\n7. b\n> c\n7. d', '1. a\n2. b\nc\n7. d'],
  ['9. a\n10. b\n    ```\n    x\n    ```', '9. a\n10. b\n  x'],
  ['- a\n  ```\n    x\n  ```', '• a\n  x'],
  ['- a\n  ```\n  x\n   \n  # y\n  ```\n- b', '• a\nx\n \n# y\n• b'],
  ['- a\n\n- b', '• a\n\n• b'],
  ['- # a', '• # a'],
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

test.each([
  ['- a\n  ```\n  x\n\n  # y\n  ```\n- b', '• a\n```\nx\n\ny\n  ```\n• b'],
  ['- a\n  ```\n  x\n  \n  # y\n  ```\n- b', '• a\n```\nx\n# y\n```\n• b'],
])('code in a list ends at an empty line: %j', (content, text) => {
  expect(read(content)).toMatchObject({ text, open: expect.arrayContaining([expect.stringMatching(/^```\nx/)]) });
});
