import { isObject } from '../shared/json.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What people see of a message: its blocks where it has any, else its text. Marks of style are left out. */
export function shown(message: { readonly text: string; readonly blocks?: unknown }): string {
  const blocks = objects(message.blocks);
  return blocks.length > 0 ? blocks.map(blockText).join('\n') : decoded(message.text);
}

/** The oldest dialect, as far as it hides something: tokens, and what is escaped [S12]. */
function decoded(text: string): string {
  return text
    .replace(/<(https?:[^<>|]*)(?:\|([^<>]*))?>/g, (_, url: string, words?: string) => words ?? url)
    .replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name] ?? '');
}

function blockText(block: Raw): string {
  switch (block['type']) {
    case 'rich_text':
      return objects(block['elements']).map(elementText).join('\n');
    case 'table':
      return (Array.isArray(block['rows']) ? block['rows'] : []).map(rowText).join('\n');
    case 'divider':
      return '———';
    case 'context':
      return objects(block['elements']).map(textOf).join(' ');
    case 'markdown':
      return textOf(block);
    default:
      return isObject(block['text']) ? decoded(textOf(block['text'])) : '';
  }
}

function rowText(row: unknown): string {
  return objects(row)
    .map((cell) => (cell['type'] === 'rich_text' ? blockText(cell) : textOf(cell)))
    .join(' | ');
}

function elementText(element: Raw): string {
  const { type, elements, style, indent, offset } = element;
  if (type !== 'rich_text_list') return inlineText(elements);
  const first = Number(offset ?? 0) + 1;
  return objects(elements)
    .map((item, at) => {
      const marker = style === 'ordered' ? `${first + at}. ` : '• ';
      return '    '.repeat(Number(indent ?? 0)) + marker + inlineText(item['elements']);
    })
    .join('\n');
}

function inlineText(elements: unknown): string {
  return objects(elements)
    .map((one) => {
      switch (one['type']) {
        case 'text':
          return textOf(one);
        case 'link':
          return typeof one['text'] === 'string' ? one['text'] : String(one['url']);
        case 'emoji':
          return `:${String(one['name'])}:`;
        case 'broadcast':
          return `@${String(one['range'])}`;
        default:
          return `@${String(one['user_id'] ?? one['usergroup_id'] ?? one['channel_id'] ?? one['team_id'] ?? '')}`;
      }
    })
    .join('');
}

function textOf(value: Raw): string {
  return typeof value['text'] === 'string' ? value['text'] : '';
}

function objects(value: unknown): Raw[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
