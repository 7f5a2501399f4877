import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectors } from '../src/connectors/registry.ts';
import type { Part } from '../src/core/delivery.ts';

const SAMPLES = join(import.meta.dirname, 'samples');
export const RENDERED = join(import.meta.dirname, 'rendered');

export interface Picture {
  /** Of the file below `rendered/`. */
  readonly path: string;
  readonly text: string;
}

/** Every sample as every platform gets it. */
export async function* pictures(): AsyncGenerator<Picture> {
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.md')).sort();
  for (const { platform, render } of connectors) {
    for (const name of names) {
      const parts = await render(await readFile(join(SAMPLES, name), 'utf8'), { channel: '1' });
      yield { path: `${platform}/${name.replace(/md$/, 'txt')}`, text: parts.map(pictureOf).join('\n') };
    }
  }
}

/** The text between rules; below it what the platform gets beside the text, an element a line. */
function pictureOf(part: Part, index: number): string {
  const title = `── ${index + 1} (${part.text.length}) `;
  return [title.padEnd(80, '─'), part.text, '─'.repeat(80), ...elements(part.format), ...fileOf(part), ''].join('\n');
}

function elements(format: unknown): string[] {
  if (format === undefined || format === null) return [];
  if (typeof format !== 'object') return [JSON.stringify(format)];
  return Object.entries(format).flatMap(([name, value]) => {
    const items = Array.isArray(value) ? value : [value];
    return items.flatMap((item) => [`${name}: ${JSON.stringify(item)}`]);
  });
}

function fileOf({ file }: Part): string[] {
  return file ? [`file: ${file.name}, ${file.content.length} characters`] : [];
}
