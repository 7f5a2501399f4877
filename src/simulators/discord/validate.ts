import { isObject } from '../shared/json.ts';
import { type FieldError, invalidForm } from './refusal.ts';
import spec from './spec/discord.json' with { type: 'json' };

/** The platform's own schemas, reduced; see spec/README.md. */
interface Schema {
  readonly ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

type Path = readonly (string | number)[];

const schemas = spec.schemas as unknown as Readonly<Record<string, Schema>>;

/** Refuses what does not fit the schema with the whole tree of errors; returns how many unknown fields there were. */
export function checkBody(name: string, body: Readonly<Record<string, unknown>>): number {
  const problems: FieldError[] = [];
  const unknown = inspect({ ref: name }, body, [], problems);
  if (problems.length > 0) throw invalidForm(problems);
  return unknown;
}

function inspect(schema: Schema, value: unknown, path: Path, problems: FieldError[]): number {
  if (schema.ref !== undefined) return inspect(schemas[schema.ref] ?? {}, value, path, problems);
  if (schema.oneOf) return choose(schema.oneOf, value, path, problems);
  const wrong = (code: string, message: string) => {
    problems.push({ path, code, message });
    return 0;
  };
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types && !types.some((type) => isOf(type, value))) return wrong(...mistyped(types));
  if (value === null) return 0;
  if (schema.enum && !schema.enum.includes(value)) {
    return wrong('BASE_TYPE_CHOICES', `Value must be one of (${schema.enum.map((it) => `'${it}'`).join(', ')}).`);
  }
  if (typeof value === 'string') {
    if (schema.maxLength !== undefined && value.length > schema.maxLength) {
      return wrong('BASE_TYPE_MAX_LENGTH', `Must be ${schema.maxLength} or fewer in length.`);
    }
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
      return wrong('NUMBER_TYPE_COERCE', `Value "${value}" is not snowflake.`);
    }
  }
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) {
      return wrong('NUMBER_TYPE_MIN', `int value should be greater than or equal to ${schema.minimum}.`);
    }
    if (schema.maximum !== undefined && value > schema.maximum) {
      return wrong('NUMBER_TYPE_MAX', `int value should be less than or equal to ${schema.maximum}.`);
    }
  }
  if (Array.isArray(value)) return inspectList(schema, value, path, problems);
  return isObject(value) && schema.properties ? inspectFields(schema, value, path, problems) : 0;
}

function inspectList(schema: Schema, value: readonly unknown[], path: Path, problems: FieldError[]): number {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    problems.push({
      path,
      code: 'BASE_TYPE_BAD_LENGTH',
      message: `Must be between 0 and ${schema.maxItems} in length.`,
    });
    return 0;
  }
  let unknown = 0;
  const { items } = schema;
  if (items) for (const [at, item] of value.entries()) unknown += inspect(items, item, [...path, at], problems);
  return unknown;
}

function inspectFields(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  problems: FieldError[],
): number {
  let unknown = 0;
  for (const name of schema.required ?? []) {
    if (value[name] !== undefined) continue;
    problems.push({ path: [...path, name], code: 'BASE_TYPE_REQUIRED', message: 'This field is required' });
  }
  for (const [name, inner] of Object.entries(value)) {
    const field = schema.properties?.[name];
    if (field) unknown += inspect(field, inner, [...path, name], problems);
    else unknown++;
  }
  return unknown;
}

/** The first alternative that fits; otherwise the complaints of the last that is not merely `null`. */
function choose(alternatives: readonly Schema[], value: unknown, path: Path, problems: FieldError[]): number {
  let last: FieldError[] = [];
  for (const alternative of alternatives) {
    const found: FieldError[] = [];
    const unknown = inspect(alternative, value, path, found);
    if (found.length === 0) return unknown;
    if (alternative.type !== 'null') last = found;
  }
  problems.push(...last);
  return 0;
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return typeof value === 'number' && Number.isSafeInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  // The schema's names of string, number and boolean are those of typeof.
  return typeof value === type;
}

function mistyped(types: readonly string[]): [string, string] {
  if (types.includes('array')) return ['LIST_TYPE_CONVERT', 'Only iterables may be used in a ListType'];
  if (types.includes('object')) return ['MODEL_TYPE_CONVERT', 'Only dictionaries may be used in a ModelType'];
  if (types.includes('boolean')) return ['BOOLEAN_TYPE_CONVERT', 'Must be either true or false.'];
  if (types.includes('integer')) return ['NUMBER_TYPE_COERCE', 'Value is not int.'];
  return ['STRING_TYPE_CONVERT', 'Could not interpret value as string.'];
}

export function isSnowflake(value: unknown): value is string {
  return typeof value === 'string' && /^[1-9][0-9]{0,19}$/.test(value);
}
