import { describe, expect, it } from 'vitest';
import type { Run } from '../blocks.ts';
import { read } from '../read.ts';

const runs = (source: string): readonly Run[] =>
  read(source).flatMap((block) => ('runs' in block ? block.runs : [{ text: block.kind }]));
const bold = (text: string): Run => ({ text, bold: true });
const italic = (text: string): Run => ({ text, italic: true });

describe('signs', () => {
  it.each([
    '2**10=1024, 3**2=9',
    'x**2 + y**2',
    '2**n + 3**n',
    'a*x+b*y, 2*3*4',
    '长*宽，体积=长*宽*高',
    'sh*tty b*stard, f***ing sh*t and f***ing b*tch',
    'COUNT(*) instead of SUM(*)',
    'SELECT u.*, o.* FROM x.*',
    'cp $SRC/*.js $DST/*.bak, src/**/*.ts and test/**/*.ts, **/*.js and **/*.css',
    'Accept: */*, text/*',
    ">_< I didn't mean it… -_- I'll do better ^_^ T_T o_o ._. and ;_; =_= ^__^",
    '>_< and >_<, -_- and -_-',
    'Date: __/__/____ or __/__',
    '¯\\_(ツ)_/¯ and ¯\\_(ツ)_/¯',
    '__init__.py, if __name__ == "__main__": x.__init__(1)',
  ])('mean themselves in %s', (source) => {
    expect(runs(source)).toEqual([{ text: source }]);
  });

  it('begin no quote', () => {
    expect(runs('Oh no\n>_<\nSorry')).toEqual([{ text: 'Oh no\n>_<\nSorry' }]);
    expect(read('> >_<\n\n```\n>_<\n```')).toEqual([
      { kind: 'quote', blocks: [{ kind: 'paragraph', runs: [{ text: '>_<' }] }] },
      { kind: 'code', language: '', text: '>_<' },
    ]);
  });

  it.each<[string, readonly Run[]]>([
    ['**2**10', [bold('2'), { text: '10' }]],
    ['*x*2', [italic('x'), { text: '2' }]],
    ['*role-play* and *plural*s', [italic('role-play'), { text: ' and ' }, italic('plural'), { text: 's' }]],
    ['mid**dle** and **/help** is', [{ text: 'mid' }, bold('dle'), { text: ' and ' }, bold('/help'), { text: ' is' }]],
    ['*Note.* So and/*or*', [italic('Note.'), { text: ' So and/' }, italic('or')]],
    ['这是*重点*内容', [{ text: '这是' }, italic('重点'), { text: '内容' }]],
    ['__note__: __a__/__b__', [bold('note'), { text: ': ' }, bold('a'), { text: '/' }, bold('b')]],
    [
      '__Now__. _Then_. -_so_-',
      [bold('Now'), { text: '. ' }, italic('Then'), { text: '. -' }, italic('so'), { text: '-' }],
    ],
    ['*(*)*', [italic('('), { text: ')*' }]],
  ])('mean looks in %s', (source, expected) => {
    expect(runs(source)).toEqual(expected);
  });
});
