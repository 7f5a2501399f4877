import { readFileSync } from 'node:fs';

type Json = Record<string, unknown>;

export interface ReferenceField {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

export interface ReferenceEndpoint {
  readonly method: string;
  readonly path: string;
  /** Of the request body; empty where there is none. */
  readonly fields: readonly ReferenceField[];
  /** The documented response. */
  readonly response: Json;
}

/** The published API reference as data. It is read from a copy of the text, so that nothing is lost in between. */
export function readReference(): ReferenceEndpoint[] {
  const text = readFileSync(new URL('../fixtures/api-reference.txt', import.meta.url), 'utf8');
  const sections = text.split(/(GET|POST|PUT|DELETE)\n(?=\/v1\/)/).slice(1);
  const endpoints: ReferenceEndpoint[] = [];
  for (let i = 0; i < sections.length; i += 2) {
    const [method = '', section = ''] = sections.slice(i, i + 2);
    const path = /^(\/v1\/\S*?)Auth Required/.exec(section)?.[1] ?? '';
    const body = /Request Body\n([\s\S]*?)\nResponse/.exec(section)?.[1] ?? '';
    const rows = body.matchAll(/^(\w+) \| (\S+) \| (Required|Optional) \|/gm);
    endpoints.push({
      method,
      path,
      fields: [...rows].map(([, name = '', type = '', need]) => ({ name, type, required: need === 'Required' })),
      response: JSON.parse(section.slice(section.indexOf('\nResponse\n') + 10)),
    });
  }
  return endpoints;
}

const formats: readonly (readonly [string, RegExp])[] = [
  ['integration id', /^int_[0-9a-f]{12}$/],
  ['REPLR id', /^rp_[a-z0-9]{8}$/],
  ['time to the second', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ['snowflake', /^\d{17,20}$/],
  ['workspace id', /^T[A-Z0-9]{8}$/],
  ['channel id', /^C[A-Z0-9]{8}$/],
  ['status', /^(active|inactive)$/],
  ['platform', /^(discord|telegram|slack)$/],
];

function formatOf(value: unknown): string {
  if (typeof value !== 'string') return Number.isInteger(value) ? 'whole number' : typeof value;
  return formats.find(([, pattern]) => pattern.test(value))?.[0] ?? 'text';
}

/**
 * Where an answer falls short of a documented one: names that are missing, types and formats that differ, values that
 * are empty. Further names are allowed. A list must hold at least one item, and each item must do.
 */
export function shortcomings(documented: unknown, actual: unknown, at = ''): string[] {
  if (Array.isArray(documented)) {
    if (!Array.isArray(actual) || actual.length === 0) return [`${at}: not a list with something in it`];
    return actual.flatMap((item, index) => shortcomings(documented[0], item, `${at}[${index}]`));
  }
  if (typeof documented === 'object' && documented !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return [`${at}: not an object`];
    const fields = actual as Json;
    return Object.entries(documented).flatMap(([name, value]) =>
      Object.hasOwn(fields, name) ? shortcomings(value, fields[name], `${at}.${name}`) : [`${at}.${name}: missing`],
    );
  }
  const [expected, found] = [formatOf(documented), formatOf(actual)];
  return expected === found ? [] : [`${at}: ${found} instead of ${expected}`];
}
