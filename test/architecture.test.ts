import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { home, root, type Source, sources } from './support/sources.ts';

const all = sources('src');
const MAX_LINES = 400;

/** Who may import whom. What is not listed may import nothing of ours. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  src: [
    'src',
    'src/api',
    'src/runtime',
    'src/connectors',
    'src/connectors/shared',
    'src/responders',
    'src/store',
    'src/observe',
    'src/core',
    'src/simulators',
  ],
  'src/core': ['src/core'],
  'src/runtime': ['src/runtime', 'src/core'],
  'src/api': ['src/api', 'src/core'],
  'src/store': ['src/store', 'src/core'],
  'src/responders': ['src/responders', 'src/core'],
  'src/observe': ['src/observe', 'src/core'],
  'src/connectors/shared': ['src/connectors/shared', 'src/core'],
};

const platforms = readdirSync(join(root, 'src/connectors'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
  .map((entry) => entry.name);

function mayImport(from: string): readonly string[] {
  const known = allowed[from];
  if (known) return known;
  if (from === 'src/connectors') return ['src/core', ...platforms.map((name) => `src/connectors/${name}`)];
  if (from.startsWith('src/connectors/')) return [from, 'src/connectors/shared', 'src/core'];
  // The registry knows the simulators; a simulator knows the neutral interface beside it, what all of
  // them share, and nothing else.
  if (from === 'src/simulators')
    return all.map(({ path }) => home(path)).filter((name) => name.startsWith('src/simulators'));
  if (from.startsWith('src/simulators/')) return [from, 'src/simulators/shared', 'src/simulators'];
  return [];
}

function cycle(files: readonly Source[]): string[] | undefined {
  const graph = new Map(files.map((file) => [file.path, file.runs]));
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (state.get(path) === 'done') return undefined;
    if (state.get(path) === 'open') return [...trail.slice(trail.indexOf(path)), path];
    state.set(path, 'open');
    trail.push(path);
    for (const next of graph.get(path) ?? []) {
      const found = visit(next);
      if (found) return found;
    }
    trail.pop();
    state.set(path, 'done');
    return undefined;
  };
  for (const path of graph.keys()) {
    const found = visit(path);
    if (found) return found;
  }
  return undefined;
}

describe('architecture', () => {
  it('finds the sources and their imports, else nothing below means anything', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all.flatMap((file) => file.imports).length).toBeGreaterThan(100);
    expect(platforms).not.toHaveLength(0);
  });

  it('imports point one way: siblings meet only in core', () => {
    const wrong = all.flatMap((file) => {
      const may = mayImport(home(file.path));
      return file.imports
        .filter((path) => path.endsWith('.ts') && !may.includes(home(path)))
        .map((path) => `${file.path} → ${path}`);
    });
    expect(wrong).toEqual([]);
  });

  it('every import names a file that exists', () => {
    const missing = all.flatMap((file) => file.imports.filter((path) => !existsSync(join(root, path))));
    expect(missing).toEqual([]);
  });

  it('has no cycle', () => {
    expect(cycle(all)).toBeUndefined();
  });

  it('names no platform outside its folder', () => {
    const neutral = ['src/core/', 'src/runtime/', 'src/store/', 'src/api/', 'src/observe/', 'src/responders/'];
    const named = all
      .filter((file) => neutral.some((folder) => file.path.startsWith(folder)))
      .filter((file) => /discord|telegram|slack/i.test(file.text));
    expect(named.map((file) => file.path)).toEqual([]);
  });

  it.each(platforms)('connector %s has the standard files', (platform) => {
    const folder = join(root, 'src/connectors', platform);
    const standard = ['connector.ts', 'sender.ts', 'parse.ts', 'render.ts', 'verify.ts', 'wire.ts', 'fixtures'];
    expect(standard.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
    expect(existsSync(join(root, 'src/simulators', platform))).toBe(true);
  });

  it(`no file is longer than ${MAX_LINES} lines, none is a barrel or a drawer`, () => {
    const folders = ['test', 'bench', 'sim', 'chaos', 'fuzz', 'gallery'];
    const everywhere = [...all, ...folders.flatMap((folder) => sources(folder))];
    const long = everywhere.filter((file) => file.text.split('\n').length > MAX_LINES).map((file) => file.path);
    expect(long).toEqual([]);
    expect(all.filter((file) => /\/(index|utils?|helpers?|common|misc)\.ts$/.test(file.path))).toEqual([]);
  });

  it('only main.ts touches the process', () => {
    const touching = all
      .filter(
        (file) => file.path !== 'src/main.ts' && /\bprocess\.(env|exit|argv|on|stdout|stderr|stdin)\b/.test(file.text),
      )
      .map((file) => file.path);
    expect(touching).toEqual([]);
  });

  it('ARCHITECTURE.md names only paths that exist', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const named = [...text.matchAll(/`((?:src|test|docs|bench|bin|\.ci)\/[\w./-]*)`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
