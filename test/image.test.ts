import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, sources } from './support/sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

/** Of packages, at run time: type imports are gone by then. */
const IMPORT = /^(?:import|export) (?!type\b)[^;]*?from '([^'./][^']*)'|import\('([^'./][^']*)'\)/gm;

it('the image has the Node that the project is tested with', () => {
  const versions = [...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-slim/gm)].map((match) => match[1]);
  expect(versions).toEqual([dependencies['node'], dependencies['node']]);
});

it('the image has every package that the server imports at run time', () => {
  const imported = sources('src')
    .filter(({ path }) => !path.endsWith('/test-client.ts'))
    .flatMap(({ text }) => [...text.matchAll(IMPORT)])
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
  expect(imported).toContain('hono');
  expect([...new Set(imported)].filter((name) => !(name in dependencies))).toEqual([]);
});
