import { isObject, parsed } from '../shared/json.ts';
import { badRequest } from './refusal.ts';
import spec from './spec/bot-api.json' with { type: 'json' };

/** Names and types of the Bot API, reduced to the methods spoken here; see spec/README.md. */
interface Field {
  readonly types: readonly string[];
  readonly required?: boolean;
}
type Fields = Readonly<Record<string, Field>>;

const methods = new Map<string, { readonly name: string; readonly fields: Fields }>(
  Object.entries(spec.methods as unknown as Readonly<Record<string, Fields>>).map(([name, fields]) => [
    name.toLowerCase(),
    { name, fields },
  ]),
);
const types = new Map(Object.entries(spec.types as unknown as Readonly<Record<string, Fields>>));
const others = new Set(spec.other_methods.map((name) => name.toLowerCase()));

export const updateKinds: ReadonlySet<string> = new Set(spec.updates);

/** Method names are not case sensitive. */
export function methodNamed(name: string): string | undefined {
  return methods.get(name.toLowerCase())?.name;
}

/** Exists at the platform, but not in this simulator. */
export function isElsewhere(name: string): boolean {
  return others.has(name.toLowerCase());
}

/** What the real server lets pass without a word, and a test wants to know. */
export interface Laxity {
  unknown: number;
  mistyped: number;
}

/** Parameters against the documentation: names always, types where the body (JSON) has any. */
export function inspect(method: string, parameters: ReadonlyMap<string, string>, json: unknown): Laxity {
  const fields = methods.get(method.toLowerCase())?.fields ?? {};
  const laxity: Laxity = { unknown: 0, mistyped: 0 };
  const values = isObject(json) ? json : {};
  for (const [name, text] of parameters) {
    const field = fields[name];
    if (!field) {
      laxity.unknown++;
      continue;
    }
    const value = name in values ? values[name] : undefined;
    if (value !== undefined && !matches(value, field)) laxity.mistyped++;
    look(field, typeof value === 'object' ? value : parsed(text), laxity);
  }
  return laxity;
}

function look(field: Field, value: unknown, laxity: Laxity): void {
  if (Array.isArray(value)) {
    for (const item of value) look(field, item, laxity);
    return;
  }
  const name = (field.types[0] ?? '').replace(/^(?:Array of )+/, '');
  const fields = types.get(name);
  if (!fields || !isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const known = fields[key];
    if (!known) laxity.unknown++;
    else {
      if (!matches(inner, known)) laxity.mistyped++;
      look(known, inner, laxity);
    }
  }
}

function matches(value: unknown, field: Field): boolean {
  return field.types.some((type) => {
    if (type === 'Integer') return typeof value === 'number' && Number.isSafeInteger(value);
    if (type === 'Float') return typeof value === 'number';
    if (type === 'String') return typeof value === 'string';
    if (type === 'Boolean' || type === 'True') return typeof value === 'boolean';
    // An object or array may also be sent as its own JSON text.
    if (typeof value === 'string') return isParsable(value);
    return type.startsWith('Array of ') ? Array.isArray(value) : isObject(value);
  });
}

/** A nested object of the given documented type, with the server's words where it is not one (JsonBuilder [T7]). */
export function checkObject(
  type: string,
  value: unknown,
  required: readonly string[],
  prefix = '',
): Record<string, unknown> {
  const refuse = (why: string) => badRequest(prefix + why);
  if (!isObject(value)) throw refuse('expected an Object');
  for (const name of required) if (value[name] === undefined) throw refuse(`Can't find field "${name}"`);
  for (const [name, field] of Object.entries(types.get(type) ?? {})) {
    const inner = value[name];
    if (inner === undefined) continue;
    const isText = typeof inner === 'string' || typeof inner === 'number';
    if (field.types.includes('Integer') && !field.types.includes('String')) {
      if (!isText) throw refuse(`Field "${name}" must be a Number`);
      if (!/^-?\d+$/.test(String(inner))) throw refuse(`Field "${name}" must be a valid Number`);
    } else if (field.types.includes('String') && !isText) {
      throw refuse(`Field "${name}" must be of type String`);
    } else if (field.types.includes('Boolean') && typeof inner !== 'boolean') {
      throw refuse(`Field "${name}" must be of type Boolean`);
    }
  }
  return value;
}

function isParsable(text: string): boolean {
  return isObject(parsed(text)) || Array.isArray(parsed(text));
}
