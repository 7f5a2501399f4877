import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join, relative } from 'node:path';

export const RESULTS = join(import.meta.dirname, '../results');

export const machine = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.version,
});

/** Writes the figures of one run and returns where, as seen from the folder the command was given in. */
export async function writeResults(name: string, figures: object): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `${name}-${at.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(file, `${JSON.stringify({ bench: name, at, machine: machine(), ...figures }, null, 2)}\n`);
  return relative(process.cwd(), file);
}
