import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SAMPLES = join(import.meta.dirname, '../../gallery/samples');
/** What models write for people; the gallery's others are there for what is odd about them. */
const ORDINARY = /^(0[1-8]|1[0-2]|1[4-9]|20|38|39)-/;

/** An answer of this length, UTF-16 units: ordinary samples of the gallery, one after another. */
export function ordinaryAnswer(length: number): string {
  const names = readdirSync(SAMPLES).filter((name) => ORDINARY.test(name));
  const once = names
    .sort()
    .map((name) => readFileSync(join(SAMPLES, name), 'utf8'))
    .join('\n');
  return `${once}\n`.repeat(Math.ceil(length / once.length)).slice(0, length);
}
