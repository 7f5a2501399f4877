import { isObject } from '../shared/json.ts';

/**
 * What is wrong with the blocks of a message, as JSON pointers and words. The shapes are those of `@slack/types` 3.2 and of
 * the platform's block reference; fields that these do not have are wrong, and so is whatever is empty.
 */
export function blockProblems(blocks: readonly unknown[]): string[] {
  const problems = new Problems();
  if (blocks.length > mostBlocks) problems.add('/blocks', `no more than ${mostBlocks} items allowed`);
  blocks.forEach((block, at) => {
    checkBlock(problems, `/blocks/${at}`, block);
  });
  const tables = blocks.filter((block) => isObject(block) && block['type'] === 'table');
  if (tables.length > 1) problems.add('/blocks', 'only one table allowed');
  return problems.found;
}

/** [S8]. */
const mostBlocks = 50;
/** Of the table block: rows, cells of a row, characters of all cells. */
const mostRows = 100;
const mostCells = 20;
const longestTable = 10_000;
/** A section's text [S-i11]; a header's is shorter. */
const longestSection = 3_000;
const longestHeader = 150;
const longestMarkdown = 12_000;

type Raw = Readonly<Record<string, unknown>>;
type Check = (problems: Problems, at: string, value: unknown) => void;
type Shape = Readonly<Record<string, { readonly check: Check; readonly optional?: true }>>;

class Problems {
  readonly found: string[] = [];

  add(at: string, words: string): void {
    this.found.push(`[ERROR] ${words} [json-pointer:${at}]`);
  }
}

function checkBlock(problems: Problems, at: string, block: unknown): void {
  const type = isObject(block) ? block['type'] : undefined;
  const shape = typeof type === 'string' && Object.hasOwn(blockShapes, type) ? blockShapes[type] : undefined;
  if (!shape) {
    problems.add(at, `unsupported type: ${String(type)}`);
    return;
  }
  fields(problems, at, block, { ...shape, block_id: { check: text(255), optional: true } });
  if (type === 'table' && isObject(block)) wholeTable(problems, at, block);
}

function fields(problems: Problems, at: string, value: unknown, shape: Shape): void {
  if (!isObject(value)) {
    problems.add(at, 'must be an object');
    return;
  }
  for (const [name, { check, optional }] of Object.entries(shape)) {
    if (value[name] !== undefined) check(problems, `${at}/${name}`, value[name]);
    else if (!optional) problems.add(at, `missing required field: ${name}`);
  }
  for (const name of Object.keys(value)) {
    if (name !== 'type' && !Object.hasOwn(shape, name)) problems.add(at, `unknown field: ${name}`);
  }
}

function text(most: number): Check {
  return (problems, at, value) => {
    if (typeof value !== 'string') problems.add(at, 'must be a valid string');
    else if (value === '') problems.add(at, 'must be more than 0 characters');
    else if (value.length > most) problems.add(at, `must be less than ${most + 1} characters`);
    else if (!value.isWellFormed()) problems.add(at, 'must be a valid string');
  };
}

function whole(least: number, most: number): Check {
  return (problems, at, value) => {
    if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) problems.add(at, 'must be a number');
  };
}

function oneOf(...values: readonly unknown[]): Check {
  return (problems, at, value) => {
    if (!values.includes(value)) problems.add(at, `must be one of ${values.join(', ')}`);
  };
}

const flag = oneOf(true, false);

/** Never empty. */
function list(item: Check, most = Number.POSITIVE_INFINITY): Check {
  return (problems, at, value) => {
    if (!Array.isArray(value)) {
      problems.add(at, 'must be an array');
      return;
    }
    if (value.length === 0) problems.add(at, 'must have at least one item');
    if (value.length > most) problems.add(at, `no more than ${most} items allowed`);
    value.forEach((one, index) => {
      item(problems, `${at}/${index}`, one);
    });
  };
}

function variant(shapes: Readonly<Record<string, Shape>>): Check {
  return (problems, at, value) => {
    const type = isObject(value) ? value['type'] : undefined;
    const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
    if (shape) fields(problems, at, value, shape);
    else problems.add(at, `unsupported type: ${String(type)}`);
  };
}

const someText = text(Number.POSITIVE_INFINITY);

const webLink: Check = (problems, at, value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (!url || !/^(?:https?|mailto|tel):$/.test(url.protocol)) problems.add(at, 'must be a valid URL');
};

const style: Shape[string] = {
  optional: true,
  check: (problems, at, value) => {
    const one = { check: flag, optional: true } as const;
    fields(problems, at, value, { bold: one, code: one, italic: one, strike: one, underline: one });
  },
};

const inline: Readonly<Record<string, Shape>> = {
  text: { text: { check: someText }, style },
  link: {
    url: { check: webLink },
    text: { check: someText, optional: true },
    unsafe: { check: flag, optional: true },
    style,
  },
  emoji: {
    name: { check: someText },
    unicode: { check: someText, optional: true },
    url: { check: webLink, optional: true },
    style,
  },
  broadcast: { range: { check: oneOf('here', 'channel', 'everyone') }, style },
  channel: { channel_id: { check: someText }, style },
  user: { user_id: { check: someText }, style },
  usergroup: { usergroup_id: { check: someText }, style },
  team: { team_id: { check: someText }, style },
  color: { value: { check: someText }, style },
};

const border: Shape[string] = { check: oneOf(0, 1), optional: true };
const inlines: Shape[string] = { check: list(variant(inline)) };
const section = { rich_text_section: { elements: inlines } } as const;

const rich: Readonly<Record<string, Shape>> = {
  ...section,
  rich_text_quote: { elements: inlines, border },
  rich_text_preformatted: {
    elements: { check: list(variant({ text: inline['text'] ?? {}, link: inline['link'] ?? {} })) },
    border,
  },
  rich_text_list: {
    elements: { check: list(variant(section)) },
    style: { check: oneOf('bullet', 'ordered') },
    indent: { check: whole(0, 8), optional: true },
    // Not in the types, but in the reference of the element.
    offset: { check: whole(0, Number.MAX_SAFE_INTEGER), optional: true },
    border,
  },
};

const richText: Shape = { elements: { check: list(variant(rich)) } };

const textObject = (most: number, ...types: readonly string[]): Check =>
  variant(
    Object.fromEntries(
      types.map((type) => [
        type,
        {
          text: { check: text(most) },
          [type === 'mrkdwn' ? 'verbatim' : 'emoji']: { check: flag, optional: true },
        },
      ]),
    ),
  );

const cell = variant({
  raw_text: { text: { check: someText } },
  raw_number: { value: { check: oneOfNumbers }, text: { check: someText } },
  rich_text: richText,
});

function oneOfNumbers(problems: Problems, at: string, value: unknown): void {
  if (typeof value !== 'number') problems.add(at, 'must be a number');
}

/** Others are known to the platform and not to this simulator, which nobody sends them. */
const blockShapes: Readonly<Record<string, Shape>> = {
  rich_text: richText,
  divider: {},
  header: { text: { check: textObject(longestHeader, 'plain_text') } },
  section: {
    text: { check: textObject(longestSection, 'mrkdwn', 'plain_text') },
    expand: { check: flag, optional: true },
  },
  context: { elements: { check: list(textObject(longestSection, 'mrkdwn', 'plain_text'), 10) } },
  markdown: { text: { check: text(longestMarkdown) } },
  table: {
    rows: { check: list(list(cell, mostCells), mostRows) },
    column_settings: {
      optional: true,
      check: list((problems, at, value) => {
        const align = { check: oneOf('left', 'center', 'right'), optional: true } as const;
        fields(problems, at, value, { align, is_wrapped: { check: flag, optional: true } });
      }, mostCells),
    },
  },
};

/** Rows of one length, and not too much in all. */
function wholeTable(problems: Problems, at: string, { rows }: Raw): void {
  if (!Array.isArray(rows)) return;
  const lengths = new Set(rows.map((row: unknown) => (Array.isArray(row) ? row.length : 0)));
  if (lengths.size > 1) problems.add(`${at}/rows`, 'must all have the same number of cells');
  if (textLength(rows) > longestTable) problems.add(at, `must be less than ${longestTable + 1} characters`);
}

/** Characters of all texts in it. */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textLength(one), 0);
  if (!isObject(value)) return 0;
  const own = typeof value['text'] === 'string' ? value['text'].length : 0;
  return Object.values(value).reduce<number>((sum, one) => sum + textLength(one), own);
}
