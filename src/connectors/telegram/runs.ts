import type { Look, Run } from '../shared/markdown/blocks.ts';
import type { Entity } from './entities.ts';
import { indent, mark, type Paper, put } from './paper.ts';

type Style = Pick<Entity, 'type' | 'url'>;

/**
 * Runs with their looks as entities. A look that goes on is one entity; where looks overlap, the inner ones are cut, and
 * never a link: those contain each other as the platform allows it [T1].
 */
export function writeRuns(paper: Paper, runs: readonly Run[], prefix: string, base: Look = {}): void {
  if (runs.every(({ text }) => text === '')) return;
  indent(paper, prefix);
  const open: (Style & { readonly offset: number })[] = [];
  const close = (kept: number) => {
    for (const style of open.splice(kept).reverse()) mark(paper, style);
  };
  for (const run of runs) {
    const styles = stylesOf({ ...base, ...run });
    const differs = styles.findIndex((style, at) => style.type !== open[at]?.type || style.url !== open[at]?.url);
    const kept = differs === -1 ? styles.length : differs;
    close(kept);
    for (const style of styles.slice(kept)) open.push({ ...style, offset: paper.length });
    put(paper, run.text.replaceAll('\n', `\n${prefix}`));
  }
  close(0);
}

/** The platform takes no link to a host without a dot (server source, LinkManager::check_link [T7]): its words remain. */
const KEPT = /^https?:\/\/(?:[^/?#@]*@)?[^/?#:]*\./;

/** Outermost first. Code contains nothing and is contained in nothing but a quote [T1], so code that is a link is a link. */
function stylesOf({ href, code, bold, italic, strike }: Look): Style[] {
  const styles: Style[] = href !== undefined && KEPT.test(href) ? [{ type: 'text_link', url: href }] : [];
  if (code && styles.length === 0) return [{ type: 'code' }];
  if (bold) styles.push({ type: 'bold' });
  if (italic) styles.push({ type: 'italic' });
  if (strike) styles.push({ type: 'strikethrough' });
  return styles;
}
