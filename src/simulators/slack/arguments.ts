import type { IncomingMessage } from 'node:http';
import { isObject, parsed } from '../shared/json.ts';
import type { Ledger } from './ledger.ts';
import { type MethodSpec, Refusal } from './refusal.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface Given {
  readonly args: Raw;
  /** They came as JSON: each has the type that it has. */
  readonly isJson: boolean;
}

const nothing: Given = { args: {}, isJson: false };

/** Where a call may carry its arguments: the query, a form, or JSON where the method takes it. */
export function readArguments(
  ledger: Ledger,
  spec: MethodSpec,
  request: IncomingMessage,
  url: URL,
  source: Buffer,
): Given {
  const query = Object.fromEntries(url.searchParams);
  if (source.length === 0) return { args: query, isJson: false };
  const type = request.headers['content-type'];
  if (type === undefined) throw bad(ledger, 'missing_post_type');
  const [kind = ''] = type.split(';');
  if (kind === 'application/x-www-form-urlencoded') {
    return { args: { ...query, ...Object.fromEntries(new URLSearchParams(source.toString())) }, isJson: false };
  }
  if (kind !== 'application/json') throw bad(ledger, 'invalid_post_type');
  const charset = /charset=([^;\s]+)/.exec(type)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8') throw bad(ledger, 'invalid_charset');
  if (!spec.json) {
    // A reading method does not look into JSON: the call has no arguments for it (platforms.md §3).
    ledger.counts.json_reads++;
    return { ...nothing, args: query };
  }
  const body = parsed(source.toString());
  if (!isObject(body)) throw bad(ledger, 'invalid_arguments');
  return { args: body, isJson: true };
}

function bad(ledger: Ledger, error: string): Refusal {
  ledger.counts.malformed_bodies++;
  return new Refusal(error);
}

/** Typed arguments. The platform passes over names that it does not know: they are only counted. */
export function checkArguments(ledger: Ledger, spec: MethodSpec, { args, isJson }: Given): Raw {
  const problems: string[] = [];
  const typed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) {
    const known = Object.hasOwn(spec.args, name) ? spec.args[name] : undefined;
    if (!known) ledger.counts.unknown_arguments++;
    else {
      const read = isJson ? fromJson(known.type, value) : fromForm(known.type, String(value));
      if (read !== undefined) typed[name] = read;
      else {
        ledger.counts.type_mismatches++;
        problems.push(`[ERROR] must be a valid ${known.type} [json-pointer:/${name}]`);
      }
    }
  }
  for (const [name, { required }] of Object.entries(spec.args)) {
    if (!required || (typed[name] !== undefined && typed[name] !== '') || Object.hasOwn(args, name)) continue;
    ledger.counts.missing_arguments++;
    problems.push(`[ERROR] missing required field: ${name}`);
  }
  if (problems.length === 0) return typed;
  throw new Refusal('invalid_arguments', { response_metadata: { messages: problems } });
}

/** Undefined: not of that type. */
function fromForm(type: string, value: string): unknown {
  if (type === 'string') return value;
  if (type === 'boolean') return { true: true, '1': true, false: false, '0': false }[value];
  if (type === 'number') return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  return fromJson(type, parsed(value));
}

function fromJson(type: string, value: unknown): unknown {
  const fits =
    (type === 'object' && isObject(value)) ||
    (type === 'array' && Array.isArray(value)) ||
    (type !== 'object' && type !== 'array' && typeof value === type);
  return fits ? value : undefined;
}
