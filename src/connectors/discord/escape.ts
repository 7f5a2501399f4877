/** What a text needs to know of where it stands. */
export interface Standing {
  /** The characters written before and after it; empty at the edges of a line. */
  readonly before: string;
  readonly after: string;
  /** It is bold, italic or struck out: then what is harmless in plain text could end that. */
  readonly marked: boolean;
  /** Something stands in the message as it is that could end what `_` or `[` in the text seem to begin. */
  readonly careful: boolean;
}

/**
 * What may mean something to the platform [D5]. A backslash before any sign makes it a sign, also between the two signs
 * of a token, where it keeps the servers from seeing one as well as the apps. Bare addresses of invites are among them: the
 * apps look for those in the message as it was sent, and may show a card whatever its flags say (read in their code, not
 * tried; none can be kept from code).
 */
const MEANING =
  /[\\*_~|`[]|\]\(|<(?=[^\s<>]|$)|@(?=everyone|here|[a-z]{0,7}$)|(?<=https?|steam|discord):\/\/(?=\S|$)|:(?=[\w+-]{1,64}:)|\.(?=(?:gg|gift|new)\/|com\/(?:invite|template|gifts|events)\/|(?:g|gg|gif?|gift|ne?|new|co?|com|com\/[a-z]{0,9})?$)/gi;

/** Up to the end of the text: whether it is a token depends on what follows. */
const OPEN = /^(?:<|@(?!everyone|here)[a-z]*)$/i;

/** After `<`: a user, a role, a channel, which the servers look for themselves. */
const MENTION = /^(?:@[!&]?|#)\d*(?:>|$)/;

/** After `<`: what shows something else than it says, or leads somewhere. */
const TOKEN =
  /^(?:@[^\s<>@]{1,64}\.\w|a?:\w{1,64}:\d|t:-?\d|id:|\/[^<>\n:]{1,100}:\d|[a-z][a-z\d+.-]{0,30}:\/|\+\d|(?:tel|sms|mailto):|[^\s<>@]{1,64}@)/i;

/** After the `.` of their hosts: invites, and what else has a card. */
const INVITE = /^(?:(?:gg|gift|new)|com\/(?:invite|template|gifts|events))\//i;

/** Shows as it is written, whatever it holds. */
export function escapeText(text: string, { before, after, marked, careful }: Standing): string {
  return text.replace(MEANING, (sign, at: number) => {
    const previous = text[at - 1] ?? before;
    const next = text[at + sign.length] ?? after;
    if ('<@'.includes(sign) && OPEN.test(text.slice(at, at + 66)) && at + 66 >= text.length) {
      return /^\s?$/.test(after) ? sign : `\\${sign}`;
    }
    switch (sign) {
      case '\\':
        return /^[\s\dA-Za-z]?$/.test(next) ? sign : '\\\\';
      case '*':
        return !marked && /\s/.test(previous) && /^\s?$/.test(next) ? sign : '\\*';
      case '_':
        return !careful && !marked && /[\p{L}\p{N}]/u.test(previous) && /[\dA-Za-z]/.test(next) ? sign : '\\_';
      case '~':
      case '|':
        return previous === sign || next === sign ? `\\${sign}` : sign;
      case '[':
        return careful ? '\\[' : sign;
      case '](':
        return ']\\(';
      case '.':
        if (INVITE.test(text.slice(at + 1, at + 15)) || /^[a-z/]$/i.test(after)) return '\\.';
        // The mark that seems to follow may be none.
        return after === '*' && at + 1 < text.length ? '\\.' : sign;
      case '<':
        if (MENTION.test(text.slice(at + 1, at + 110))) return '<\\';
        return TOKEN.test(text.slice(at + 1, at + 110)) ? '\\<' : sign;
      case '://':
        return ':\\//';
      case ':':
        // The time of day is no emoji.
        return /[\p{L}\p{N}]/u.test(previous) && /^\d+:/.test(text.slice(at + 1, at + 66)) ? sign : '\\:';
      default:
        return `\\${sign}`;
    }
  });
}

const EMOJI_BEGINS = /(?<=(?<!\\)(?:\\\\)*):[\w+-]*$/;
const EMOJI_ENDS = /^[\w+-]*:/;

/** One written piece after another, where an emoji's name could form across both: a `_` between them may be part of it. */
export function followedBy(line: string, piece: string): string {
  const begun = EMOJI_ENDS.test(piece.slice(0, 66)) ? EMOJI_BEGINS.exec(line.slice(-80)) : null;
  if (!begun || begun[0] + piece.charAt(0) === '::') return line + piece;
  const at = line.length - begun[0].length;
  return `${line.slice(0, at)}\\${line.slice(at)}${piece}`;
}

const LINE_START = /^(\s*)(?:(#{1,3}|-#|[-+]|>{1,3})|(\d+)\.)(?=\s|$)/;

/** The begin of a line that would otherwise be a heading, small print, an item or a quote. Takes a text that is escaped. */
export function escapeStart(line: string): string {
  return line.replace(LINE_START, (_, space: string, sign?: string, number?: string) =>
    sign === undefined ? `${space}${number}\\.` : `${space}\\${sign}`,
  );
}
