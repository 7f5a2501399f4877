/** What came with a control call: nobody has looked at it yet, so every field is read by one of these. */
export type Body = Readonly<Record<string, unknown>>;

/** A text of digits is one too: that is how a query says it. */
export function number(body: Body, name: string): number {
  const value = Number(body[name]);
  if (body[name] === undefined || !Number.isSafeInteger(value)) throw new Error(`${name} is a number`);
  return value;
}

export function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`${name} is a text`);
  return value;
}

/** Yes unless told otherwise. */
export function on(body: Body): boolean {
  return body['on'] !== false && body['on'] !== 'false';
}

/** Those of the fields that are there, for options that may be left out. */
export function pick<K extends string, T extends 'string' | 'boolean' | 'number'>(
  body: Body,
  names: readonly K[],
  type: T,
) {
  type Value = T extends 'string' ? string : T extends 'boolean' ? boolean : number;
  const picked: Partial<Record<K, Value>> = {};
  for (const name of names) {
    const value = body[name];
    if (value === undefined) continue;
    if (typeof value !== type) throw new Error(`${name} is a ${type}`);
    picked[name] = value as Value;
  }
  return picked;
}
