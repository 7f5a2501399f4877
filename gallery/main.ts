import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pictures, RENDERED } from './render.ts';

/** Writes what the samples look like now, to be read and checked in. */
await rm(RENDERED, { recursive: true, force: true });
let count = 0;
for await (const { path, text } of pictures()) {
  const file = join(RENDERED, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  count++;
}
process.stdout.write(`${count} files written to ${relative(process.cwd(), RENDERED)}.\n`);
