/** A text as the apps show it, and what in it would not be just text. */
export interface Shown {
  readonly text: string;
  /** Mentions, channels, emoji, times, commands, as they are written. */
  readonly tokens: readonly string[];
  readonly links: readonly ShownLink[];
  /** What stands at backticks that neither begin nor end code. */
  readonly open: readonly string[];
}

export interface ShownLink {
  readonly words: string;
  readonly url: string;
  /** In `<…>`, or hidden behind words: then it shows no preview. */
  readonly enclosed: boolean;
}

interface Reading {
  readonly tokens: string[];
  readonly links: ShownLink[];
  readonly open: string[];
}

/** What holds the text that is read. */
interface Place {
  readonly quoted: boolean;
  /** Lists around it. */
  readonly lists: number;
}

/** Reads the platform's Markdown as its apps do [D5]: each rule is tried where the last one ended. */
export function read(content: string): Shown {
  const reading: Reading = { tokens: [], links: [], open: [] };
  const text = lines(content.trim(), reading, { quoted: false, lists: 0 });
  return { ...reading, text: text.replaceAll('\u200B', '') };
}

/** The text that people see. */
export function shown(content: string): string {
  return read(content).text;
}

const quote = / *> [^\n]*(?:\n *> [^\n]*)*(?:\n|$)/y;
const quoteOfAll = / *>>> ([\s\S]*)/y;
const heading = / *(?:#{1,3}|-#) +(?=\S)/y;
const list = /( *)(?:[*-]|\d+\.) [\s\S]+?(?:\n(?! )(?!\1(?:[*-]|\d+\.) )|$)/y;
const marker = /^( *)([*-]|\d+\.) +/;
/** Deeper ones are text. */
const deepestList = 11;
const fence = /```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```/iy;

/** What begins at the begin of a line, and blocks of code, which begin anywhere. */
function lines(source: string, reading: Reading, place: Place): string {
  let text = '';
  let plain = '';
  let at = 0;
  const end = (piece: string) => {
    text += inline(plain, reading) + piece;
    plain = '';
  };
  while (at < source.length) {
    if (at === 0 || source[at - 1] === '\n') {
      const begun = lineBegin(source, at, reading, place);
      if (begun) {
        end(begun.text);
        at = begun.at;
        continue;
      }
    }
    const code = source[at] === '\\' ? undefined : match(fence, source, at);
    if (code) {
      end((code[2] ?? '').replace(/\n+$/, ''));
      at += code[0].length;
      continue;
    }
    const span = source[at] === '`' ? match(codeSpan, source, at) : undefined;
    const next = span ? span[0].length : source[at] === '\\' ? 2 : 1;
    plain += source.slice(at, at + next);
    at += next;
  }
  end('');
  return text;
}

function lineBegin(source: string, at: number, reading: Reading, place: Place) {
  const inside = { ...place, quoted: true };
  const all = place.quoted ? undefined : match(quoteOfAll, source, at);
  if (all) return { text: lines(all[1] ?? '', reading, inside), at: source.length };
  const said = place.quoted ? undefined : match(quote, source, at);
  if (said) {
    const [, inner = '', end = ''] = /^([\s\S]*?)(\n?)$/.exec(said[0].replace(/^ *> ?/gm, '')) ?? [];
    return { text: lines(inner, reading, inside) + end, at: at + said[0].length };
  }
  const title = place.lists > 0 ? undefined : match(heading, source, at);
  if (title) return { text: '', at: at + title[0].length };
  const listed = place.lists < deepestList ? match(list, source, at) : undefined;
  return listed && { text: items(listed[0], reading, place), at: at + listed[0].length };
}

/** Counts on from the first number, which is 1 at least; takes from all items the indent that the first marker needs. */
function items(source: string, reading: Reading, place: Place): string {
  const [first = '', before = '', sign = ''] = marker.exec(source) ?? [];
  const next = new RegExp(`(?<=\\n)(?= {${before.length},${before.length + 1}}(?:[*-]|\\d+\\.) )`);
  const inside = { ...place, lists: place.lists + 1 };
  let parted = false;
  const texts = source.split(next).map((item, index, { length }) => {
    const own = item.replace(marker, '').replace(new RegExp(`^ {1,${first.length}}`, 'gm'), '');
    parted = own.includes('\n\n') || (parted && index === length - 1);
    const text = parted
      ? paragraphs(own.replace(/ *\n$/, '\n\n'), reading, inside)
      : lines(own.replace(/ *\n$/, ''), reading, inside);
    const number = sign.length > 1 ? `${Math.max(1, Number.parseInt(sign, 10)) + index}.` : '•';
    return `${'  '.repeat(place.lists)}${number} ${text.replace(/\n+\s*$/, '')}`;
  });
  return texts.join('\n') + (source.endsWith('\n') ? '\n' : '');
}

const paragraph = /((?:[^\n]|\n(?! *\n))+)(?:\n *)+\n/y;
const newline = /(?:\n *)*\n/y;

/** With an empty line in it an item is read by paragraphs, which end there whatever they hold, unless code or a list begins one. */
function paragraphs(source: string, reading: Reading, place: Place): string {
  let text = '';
  for (let at = 0; at < source.length; ) {
    const listed = at === 0 || source[at - 1] === '\n' ? match(list, source, at) : undefined;
    const code = match(fence, source, at);
    const found = listed ?? code ?? match(newline, source, at) ?? match(paragraph, source, at);
    if (listed) text += items(listed[0], reading, place);
    else if (code) text += code[2] ?? '';
    else text += found?.[1] === undefined ? (found ? '' : (source[at] ?? '')) : `${lines(found[1], reading, place)}\n`;
    at += found?.[0].length ?? 1;
  }
  return text;
}

const escaped = /\\([^0-9A-Za-z\s])/y;
const codeSpan = /(`+)([\s\S]*?[^`])\1(?!`)/y;
const address = /<(https?:\/\/[^\s<>]+)>/y;
const bareAddress = /https?:\/\/[^\s<]+[^<.,:;"'\]\s]/y;
const masked =
  /\[((?:\[[^\]]*\]|[^[\]]|\](?=[^[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\(]|\\[\s\S])*?)>?(?:\s+['"]([\s\S]*?)['"])?\s*\)/y;
const token =
  /<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:-?\d+(?::\w)?|\/[^<>\n:]+:\d+|id:\w+|\+\d[^<>]*|(?:tel|sms|mailto):[^<>\s]+|[^\s<>@]+@[^\s<>@]+\.\w+)>|@everyone|@here|:(?=[+\w-]*[A-Za-z])[+\w-]{1,64}:/y;
const strong = /\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y;
const underline = /__((?:\\[\s\S]|[^\\])+?)__(?!_)/y;
const emphasis =
  /_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/y;
const struck = /~~([\s\S]+?)~~(?!_)/y;
const spoiler = /\|\|([\s\S]+?)\|\|/y;

function inline(source: string, reading: Reading): string {
  let text = '';
  for (let at = 0; at < source.length; ) {
    const found = /[\\`<[@:*_~|h]/.test(source[at] ?? '') ? rule(source, at, reading) : undefined;
    if (!found && source[at] === '`') reading.open.push(source.slice(at, at + 40));
    text += found ? found.text : (source[at] ?? '');
    at += found ? found.length : 1;
  }
  return text;
}

function rule(source: string, at: number, reading: Reading): { text: string; length: number } | undefined {
  const sign = match(escaped, source, at);
  if (sign) return { text: sign[1] ?? '', length: sign[0].length };
  const code = match(codeSpan, source, at);
  if (code) return { text: (code[2] ?? '').replace(/^ (?= *`)|(` *) $/g, '$1'), length: code[0].length };
  const link = linkAt(source, at);
  if (link) {
    const words = link.words === undefined ? link.url : inline(link.words, reading);
    reading.links.push({ words, url: link.url, enclosed: link.enclosed });
    return { text: words, length: link.length };
  }
  const special = match(token, source, at);
  // A time of day is no emoji.
  if (special && !(special[0].startsWith(':') && /\w/.test(source[at - 1] ?? '') && /^:\d/.test(special[0]))) {
    reading.tokens.push(special[0]);
    return { text: special[0], length: special[0].length };
  }
  const looks = [strong, underline, emphasis, struck, spoiler].map((look) => match(look, source, at));
  const longest = looks.reduce((best, look) => ((look?.[0].length ?? 0) > (best?.[0].length ?? 0) ? look : best));
  return longest && { text: inline(longest[1] ?? longest[2] ?? '', reading), length: longest[0].length };
}

function linkAt(source: string, at: number) {
  const hidden = match(masked, source, at);
  if (hidden && /^https?:\/\//.test(hidden[2] ?? '')) {
    const enclosed = /\]\(\s*</.test(hidden[0]);
    return { words: hidden[1] ?? '', url: hidden[2] ?? '', enclosed, length: hidden[0].length };
  }
  const alone = match(address, source, at);
  if (alone) return { words: undefined, url: alone[1] ?? '', enclosed: true, length: alone[0].length };
  const bare = match(bareAddress, source, at);
  return bare && { words: undefined, url: bare[0], enclosed: false, length: bare[0].length };
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}
