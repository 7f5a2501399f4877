import type { Look, Run } from './blocks.ts';
import { plain } from './runs.ts';

/** Longer addresses are not links; none of the platforms is known to take them. */
const MAX_URL = 2_048;

/** An address that may stay a link; otherwise undefined. Names and passwords in it go: they serve to deceive. */
export function webAddress(href: string): URL | undefined {
  const address = /^www\./i.test(href) ? `https://${href}` : href;
  if (!/^https?:\/\//i.test(address) || address.length > MAX_URL) return undefined;
  const url = URL.parse(address);
  if (!url || url.host === '') return undefined;
  url.username = '';
  url.password = '';
  return url.href.length > MAX_URL ? undefined : url;
}

/** Do these words tell where the link leads? They are its host or its URL, letter for letter. */
function tells(words: string, url: URL): boolean {
  const bare = words.replace(/^https?:\/\//i, '');
  const host = url.host;
  if (`www.${bare.toLowerCase()}` === host) return true;
  if (bare.slice(0, host.length).toLowerCase() !== host) return false;
  const rest = bare.slice(host.length);
  if (rest === '' || rest === '/') return true;
  return /^[/?#]/.test(rest) && !/\s/.test(rest) && URL.parse(`${url.protocol}//${bare}`)?.href === url.href;
}

/** These words as a link, followed by where it leads if they do not say so. A link that may not stay leaves its words. */
export function linked(words: readonly Run[], href: string): readonly Run[] {
  const url = webAddress(href);
  const text = plain(words).trim();
  if (!url) {
    const address = /^mailto:([^?\s]{3,254})/i.exec(href)?.[1];
    return address && !text.includes(address) ? [...words, { text: text === '' ? address : ` (${address})` }] : words;
  }
  const look = { href: url.href };
  if (text === '') return [{ text: url.host, ...look }];
  const link = words.map((run) => ({ ...run, ...look }));
  return tells(text, url) ? link : [...link, whereTo(url)];
}

function whereTo(url: URL): Run {
  return { text: ` (${url.host})`, href: url.href };
}

const BEGINNING = /https?:\/\//gi;
/** Ends an address in running text. Chinese and Japanese write on without a space. */
const END = /[\s<>"`|\\^{}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF00-\uFFEF“”‘’«»…]/u;
const TRAILING = new Set(".,;:!?'*_~");

/** Text with its bare addresses as links. Linear. */
export function withLinks(text: string, look: Look): Run[] {
  if (!text.includes('://')) return [{ text, ...look }];
  const runs: Run[] = [];
  let done = 0;
  BEGINNING.lastIndex = 0;
  for (let match = BEGINNING.exec(text); match; match = BEGINNING.exec(text)) {
    const start = match.index;
    if (start > 0 && /[\p{L}\p{N}]/u.test(text[start - 1] ?? '') && !END.test(text[start - 1] ?? '')) continue;
    const end = endOfAddress(text, start + match[0].length);
    const words = text.slice(start, end);
    const url = webAddress(words);
    // What is not an address is not searched for another one: that would take n² time.
    BEGINNING.lastIndex = end;
    if (!url) continue;
    runs.push({ text: text.slice(done, start), ...look }, ...linked([{ text: words, ...look }], words));
    done = end;
  }
  runs.push({ text: text.slice(done), ...look });
  return runs;
}

/** Where the address ends that is open at `from`: punctuation at its end and brackets opened before it are not its own. */
function endOfAddress(text: string, from: number): number {
  const window = text.slice(from, from + MAX_URL + 1);
  const found = window.search(END);
  let end = found === -1 ? window.length : found;
  const open: Record<string, number> = { ')': 0, ']': 0 };
  for (const unit of window.slice(0, end)) {
    if (unit === '(') open[')'] = (open[')'] ?? 0) + 1;
    else if (unit === '[') open[']'] = (open[']'] ?? 0) + 1;
    else if (unit === ')' || unit === ']') open[unit] = (open[unit] ?? 0) - 1;
  }
  for (; end > 0; end--) {
    const last = window[end - 1] ?? '';
    const unopened = open[last];
    if (unopened !== undefined && unopened < 0) open[last] = unopened + 1;
    else if (!TRAILING.has(last)) break;
  }
  return from + end;
}
