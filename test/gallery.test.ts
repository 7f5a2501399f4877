import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pictures, RENDERED } from '../gallery/render.ts';

describe('the gallery', () => {
  it('shows what the code makes of the samples; else look at the difference, and run `npm run gallery`', async () => {
    const seen: string[] = [];
    for await (const { path, text } of pictures()) {
      expect(text, path).toBe(readFileSync(join(RENDERED, path), 'utf8'));
      seen.push(path);
    }
    const kept = readdirSync(RENDERED, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.txt'));
    expect(kept.sort()).toEqual(seen.sort());
    expect(seen.length).toBeGreaterThanOrEqual(3 * 40);
  });
});
