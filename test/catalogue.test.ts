import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './support/sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const catalogue = read('docs/faults.md');
const [tables = '', section = ''] = catalogue.split('\n## 4. Where each row is proven\n');
const rows = [...tables.matchAll(/^\| (F\d{3}) \|/gm)].map((match) => match[1] ?? '');

const STATES = ['proven', 'partly', 'not yet', 'cannot apply'] as const;

interface Line {
  /** `F001`, or the number of a check. */
  readonly id: string;
  readonly state: string;
  readonly files: readonly string[];
  /** What it says besides files. */
  readonly words: string;
}

/** `- F001 proven: …`, which goes on to the next line that is not indented. */
const lines: readonly Line[] = [...section.matchAll(/^- (F\d{3}|\d\d) ([a-z ]+): (.*(?:\n {2}.*)*)/gm)].map((match) => {
  const [, id = '', state = '', text = ''] = match;
  const files = [...text.matchAll(/`((?:src|test|chaos|sim)\/[\w./-]+\.ts)`/g)].map((found) => found[1] ?? '');
  return { id, state, files, words: text.replaceAll(/`[^`]*`/g, '').replaceAll(/[\s,;.]+/g, ' ') };
});
const ofRows = lines.filter(({ id }) => id.startsWith('F'));

/** The first argument of `it`, `test` and `describe`, also behind `.each(…)` and `.skipIf(…)`, and in suites of ours. */
const TITLE = /(?:\b(?:it|test|describe)(?:\.\w+)*|\))\(\s*(['`"])((?:\\.|(?!\1)[^\\])*)\1/g;
const titlesOf = (text: string) => [...text.matchAll(TITLE)].map((match) => match[2] ?? '');
const idsOf = (title: string) => title.match(/\bF\d{3}\b/g) ?? [];

const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith(ending) && path !== 'test/catalogue.test.ts');
const proofs = [...filesIn('src', '.test.ts'), ...['test', 'chaos', 'sim'].flatMap((folder) => filesIn(folder, '.ts'))];
const idsByFile = new Map(proofs.map((path) => [path, new Set(titlesOf(read(path)).flatMap(idsOf))]));

describe('the fault catalogue', () => {
  it('is read, and so are the tests', () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(new Set(rows).size).toBe(rows.length);
    expect([...idsByFile.values()].filter((ids) => ids.size > 0).length).toBeGreaterThan(20);
    expect(titlesOf("it('F001: a')\nit.each([\n])(\n  'F002: %s',\ndescribe.concurrent(`F003`, x('F004'))")).toEqual([
      'F001: a',
      'F002: %s',
      'F003',
    ]);
  });

  it('has one line for every row and none for others', () => {
    expect(ofRows.map(({ id }) => id)).toEqual(rows);
  });

  it('names for each row a test with its id in the title, or says why there is none', () => {
    const poor = lines.filter(({ state, files, words }) => {
      if (state === 'proven') return files.length === 0;
      const reasoned = words.trim().length > 20;
      return !reasoned || (state === 'partly' && files.length === 0);
    });
    expect(poor.map(({ id, state }) => `${id} ${state}`)).toEqual([]);
    expect(lines.filter(({ state }) => !STATES.some((one) => one === state)).map(({ id }) => id)).toEqual([]);
  });

  it('names only files that exist, and whose titles have the id', () => {
    const named = lines.flatMap(({ id, files }) => files.map((path) => ({ id, path })));
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
    // The sources that a row shows to be linear, or harmless, need not carry its id; one at least must.
    const unproven = ofRows.filter(
      ({ id, state, files }) => /proven|partly/.test(state) && !files.some((path) => idsByFile.get(path)?.has(id)),
    );
    expect(unproven.map(({ id }) => id)).toEqual([]);
    const without = ofRows
      .filter(({ state }) => state === 'proven')
      .flatMap(({ id, files }) => files.filter((path) => !idsByFile.get(path)?.has(id)).map((path) => `${id} ${path}`));
    expect(without).toEqual([]);
  });

  it('knows every id that a test is named after', () => {
    const strange = [...idsByFile].flatMap(([path, ids]) =>
      [...ids].filter((id) => !rows.includes(id)).map((id) => `${path} ${id}`),
    );
    expect(strange).toEqual([]);
  });

  it('counts right', () => {
    const count = (state: string) => ofRows.filter((line) => line.state === state).length;
    expect(section).toContain(
      `Of ${rows.length} rows: ${STATES.map((state) => `${count(state)} ${state}`).join(', ')}.`,
    );
  });
});
