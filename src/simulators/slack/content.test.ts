import { describe, expect, test } from 'vitest';
import { blockProblems } from './blocks.ts';
import { hasPreview, mentionsIn, readContent } from './content.ts';
import { shown } from './shown.ts';

const text = (words: string) => ({ type: 'text', text: words });
const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
const rich = (...elements: object[]) => ({ type: 'rich_text', elements });
const raw = (words: string) => ({ type: 'raw_text', text: words });
const table = (...rows: object[][]) => ({ type: 'table', rows });
const row = [raw('a'), raw('b')];

const good = rich(
  section(text('hello '), { type: 'link', url: 'https://a.test/', style: { bold: true } }),
  {
    type: 'rich_text_list',
    style: 'ordered',
    indent: 1,
    offset: 3,
    elements: [section(text('four')), section(text('five'))],
  },
  { type: 'rich_text_quote', elements: [{ type: 'user', user_id: 'U1' }] },
  { type: 'rich_text_preformatted', border: 1, elements: [text('code')] },
);

describe('blocks', () => {
  test('of the shapes that the platform documents are taken', () => {
    const settings = { column_settings: [{ align: 'right', is_wrapped: true }] };
    const cells = [raw('x'), rich(section(text('y')))];
    expect(blockProblems([good, { type: 'divider' }, { ...table(cells, cells), ...settings }])).toEqual([]);
    expect(blockProblems([{ type: 'section', text: { type: 'mrkdwn', text: 'x' } }])).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['an unknown type', { type: 'poem' }],
    ['no object', 'divider'],
    ['a field too many', { type: 'divider', text: 'x' }],
    ['a field too few', { type: 'rich_text' }],
    ['no elements', rich()],
    ['an empty section', rich(section())],
    ['an empty text', rich(section(text('')))],
    ['half a surrogate pair', rich(section(text('\ud83d')))],
    ['a list in a list', rich({ type: 'rich_text_list', style: 'bullet', elements: [{ type: 'rich_text_list' }] })],
    ['a deep list', rich({ type: 'rich_text_list', style: 'bullet', indent: 9, elements: [section(text('x'))] })],
    ['a list of no style', rich({ type: 'rich_text_list', elements: [section(text('x'))] })],
    ['a mention in code', rich({ type: 'rich_text_preformatted', elements: [{ type: 'user', user_id: 'U1' }] })],
    ['a style of its own', rich(section({ ...text('x'), style: { blink: true } }))],
    ['a link to nowhere', rich(section({ type: 'link', url: 'nowhere' }))],
    ['a script', rich(section({ type: 'link', url: 'javascript:alert(1)' }))],
    ['a table without rows', table()],
    ['an empty cell', table([raw('')])],
    ['rows of other lengths', table(row, [raw('c')])],
    ['101 rows', table(...Array.from({ length: 101 }, () => row))],
    ['21 cells', table(Array.from({ length: 21 }, () => raw('x')))],
    ['too much in a table', table([raw('x'.repeat(10_001))])],
    ['a long section', { type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3_001) } }],
  ])('%s is refused', (_name, block) => {
    expect(blockProblems([block])).not.toEqual([]);
  });

  test('of a message are counted', () => {
    const divider = { type: 'divider' };
    expect(blockProblems(Array(50).fill(divider))).toEqual([]);
    expect(blockProblems(Array(51).fill(divider))).not.toEqual([]);
    expect(blockProblems([table(row), table(row)])).not.toEqual([]);
  });
});

describe('a message', () => {
  test.each<[string, Record<string, unknown>, boolean?]>([
    ['no_text', { text: ' ' }],
    ['invalid_blocks', { text: 'x', blocks: [{ type: 'poem' }] }],
    ['msg_blocks_too_long', { text: 'x', blocks: [rich(section(text('x'.repeat(13_200))))] }],
    ['msg_too_long', { text: 'x', blocks: [rich(section(text('x'.repeat(13_200))))] }, true],
    ['msg_too_long', { text: 'x'.repeat(4_001) }, true],
    ['markdown_text_conflict', { markdown_text: 'x', blocks: [good] }],
  ])('%s', (error, args, isUpdate) => {
    expect(() => readContent(args, isUpdate)).toThrow(expect.objectContaining({ error }));
  });

  test('is truncated when it is very long', () => {
    expect(readContent({ text: 'x'.repeat(40_001) })).toMatchObject({ text: 'x'.repeat(40_000), truncated: true });
  });

  test.each<[Record<string, unknown>, string[]]>([
    [{ text: 'hi <!channel> <@U1|ada> <!subteam^S1> <#C1>' }, ['<!channel>', '<@U1|ada>', '<!subteam^S1>']],
    [{ text: '&lt;!here&gt;', blocks: [rich(section(text('<!here> <@U1>')))] }, []],
    [{ blocks: [good, rich(section({ type: 'broadcast', range: 'here' }))] }, ['user U1', 'broadcast here']],
    [{ blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '<!here>' } }] }, ['<!here>']],
    [{ text: '@ada', link_names: true }, ['@ada']],
    [{ text: '@ada', parse: 'none', link_names: false }, []],
  ])('notifies: %j', (args, mentions) => {
    expect(mentionsIn(args)).toEqual(mentions);
  });

  test('shows a preview unless it says no twice', () => {
    const quiet = { unfurl_links: false, unfurl_media: false };
    expect(hasPreview({ text: 'see https://a.test' })).toBe(true);
    expect(hasPreview({ text: 'x', blocks: [good], unfurl_links: false })).toBe(true);
    expect(hasPreview({ text: 'x', blocks: [good], ...quiet })).toBe(false);
    expect(hasPreview({ text: 'x' })).toBe(false);
  });

  test('is seen by its blocks, else by its text', () => {
    const blocks = [good, { type: 'divider' }, table(row, [raw('c'), rich(section(text('d')))])];
    expect(shown({ text: 'x', blocks })).toBe(
      'hello https://a.test/\n    4. four\n    5. five\n@U1\ncode\n———\na | b\nc | d',
    );
    expect(shown({ text: '<https://a.test/|words> &lt;b&gt; &amp;amp;' })).toBe('words <b> &amp;');
  });
});
