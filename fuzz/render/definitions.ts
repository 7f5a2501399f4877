import createParser, { type Env, type Token } from 'markdown-it';

const parser = createParser();
parser.core.ruler.disable('strip_references');
parser.validateLink = () => true;
/** What else is said behind `[label]:` is no address, and nobody can follow it. */
const LEADS = /^(?:https?:\/\/+[^/?#\\\s]|www\.|mailto:[^?\s]{3}|#$|$)/i;

/**
 * The definitions of an answer that people want to read, as text: those that lead nowhere, that are numbered, or that
 * nothing refers to, each as often as it is written differently. Only signs change. Of a definition in several lines nothing is
 * asked, and of a slice of an answer (not `whole`) only those that lead nowhere. `env`: keeps those that lead somewhere.
 */
export function withShownDefinitions(answer: string, env: Env, whole: boolean): string {
  const tokens = parser.parse(answer, env);
  const lines = answer.split('\n');
  const used = new Set(labelsIn(tokens));
  const seen = new Set<string>();
  for (const { type, map, meta } of tokens) {
    if (type !== 'reference_definition' || !map) continue;
    if (map[1] - map[0] !== 1) {
      seen.add(
        lines
          .slice(...map)
          .join(' ')
          .trim(),
      );
      continue;
    }
    const line = lines[map[0]] ?? '';
    const [, written = line, address = ''] = /(\[.*?\]:\s*<?([^\s>]*).*)$/.exec(line) ?? [];
    const leads = LEADS.test(address);
    const isComment = leads && /^#?$/.test(address);
    const label = String(meta?.label);
    const isShown = !leads || (whole && (/^\d+$/.test(label) || !used.has(label)));
    if (!LEADS.test(env.references?.[label]?.href ?? '')) delete env.references?.[label];
    if (whole && seen.has(written)) lines[map[0]] = line.replace(written, '');
    else if (isShown && !isComment) lines[map[0]] = line.replace('[', '\\[');
    seen.add(written);
  }
  return lines.join('\n');
}

/** Lines that look like definitions of links and lead somewhere: of a long answer they are some, wherever they stand. */
export function leadingDefinitions(answer: string): string {
  const lines = answer.match(/^ {0,3}\[[^\]\n^]+\]:.*$/gm) ?? [];
  return lines.filter((line) => LEADS.test(/\]:\s*<?([^\s>]*)/.exec(line)?.[1] ?? '')).join('\n\n');
}

function labelsIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ type, meta, children }) => [
    ...(type !== 'reference_definition' && typeof meta?.label === 'string' ? [meta.label] : []),
    ...labelsIn(children ?? []),
  ]);
}
