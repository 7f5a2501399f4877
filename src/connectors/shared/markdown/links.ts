import { endOfAddress, MAX_URL, startsApart } from './addresses.ts';
import type { Look, Run } from './blocks.ts';
import { plain } from './runs.ts';

/** Other names exist by the letter of the standard, with signs in them that mean something to a platform. */
const HOST = /^[\w.:[\]-]+$/;

/** An address that may stay a link; otherwise undefined. Names and passwords in it go: they serve to deceive. */
export function webAddress(href: string): URL | undefined {
  const address = /^www\./i.test(href) ? `https://${href}` : href;
  if (!/^https?:\/\//i.test(address) || address.length > MAX_URL) return undefined;
  const url = URL.parse(address);
  if (!url || !HOST.test(url.host)) return undefined;
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

/**
 * These words as a link, followed by where it leads if they do not say so. A link that may not stay leaves its words; where
 * its address is too long, or there are no words, that is shown as text, unless it is `defined` elsewhere and shown there.
 */
export function linked(words: readonly Run[], href: string, defined = false): readonly Run[] {
  const url = webAddress(href);
  const text = plain(words).trim();
  if (!url) {
    const isAlone = text === '' || isTooLong(href);
    const address = mailAddress(href) ?? (isAlone && !defined ? href : undefined);
    return address && !text.includes(address) ? [...words, { text: text === '' ? address : ` (${address})` }] : words;
  }
  const look = { href: url.href };
  if (text === '') return [{ text: url.host, ...look }];
  const link = words.map((run) => ({ ...run, ...look }));
  return tells(text, url) ? link : [...link, whereTo(url)];
}

export function mailAddress(href: string): string | undefined {
  return /^mailto:([^?\s]{3,254})/iu.exec(href)?.[1];
}

/** Too long for a link, but not to be read. */
export function isTooLong(href: string): boolean {
  const url = /^https?:\/\//i.test(href) ? URL.parse(href) : null;
  return url !== null && url.host !== '' && webAddress(href) === undefined;
}

function whereTo(url: URL): Run {
  return { text: ` (${url.host})`, href: url.href };
}

const BEGINNING = /https?:\/\//gi;

/** Text with its bare addresses as links. Linear. */
export function withLinks(text: string, look: Look): Run[] {
  if (!text.includes('://')) return [{ text, ...look }];
  const runs: Run[] = [];
  let done = 0;
  BEGINNING.lastIndex = 0;
  for (let match = BEGINNING.exec(text); match; match = BEGINNING.exec(text)) {
    const start = match.index;
    if (!startsApart(text, start)) continue;
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
