import spec from './spec/slack.json' with { type: 'json' };

/** An answer that says no: HTTP 200 with `ok: false`. */
export class Refusal extends Error {
  readonly error: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(error: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(error);
    this.error = error;
    this.fields = fields;
  }
}

export interface MethodSpec {
  /** 0: special limits. */
  readonly tier: number;
  /** Arguments may come as JSON. */
  readonly json: boolean;
  readonly scopes: readonly string[];
  readonly args: Readonly<Record<string, { readonly type: string; readonly required?: boolean }>>;
  readonly errors: readonly string[];
}

const methods: Readonly<Record<string, MethodSpec>> = spec.methods;

export function methodSpec(name: string): MethodSpec | undefined {
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}

/** Whether the documentation of the method, or that of all methods, has this error. */
export function isListed(method: string, error: string): boolean {
  return spec.common_errors.includes(error) || (methodSpec(method)?.errors.includes(error) ?? false);
}
