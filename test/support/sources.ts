import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports of ours, type-only imports included, as paths from the root. */
  readonly imports: readonly string[];
  /** The same without type-only imports: what really runs. */
  readonly runs: readonly string[];
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?from\s+)?'(\.[^']+)'|import\('(\.[^']+)'\)/gm;

/** All `.ts` files below a folder, tests apart. */
export function sources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const found = [...text.matchAll(IMPORT)].map((match) => ({
        type: match[1] !== undefined,
        path: posix.join(posix.dirname(path), match[2] ?? match[3] ?? ''),
      }));
      return {
        path,
        text,
        imports: found.map((one) => one.path),
        runs: found.filter((one) => !one.type).map((one) => one.path),
      };
    });
}

/** The folder that a source's rules come from: `src/api`, `src/connectors/telegram`, or `src` for the files in it. */
export function home(path: string): string {
  const parts = relative('src', path).split('/');
  if (parts.length === 1) return 'src';
  const [first, second] = parts;
  const nested = (first === 'connectors' || first === 'simulators') && parts.length > 2;
  return nested ? `src/${first}/${second}` : `src/${first}`;
}
