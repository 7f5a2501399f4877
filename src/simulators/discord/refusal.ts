/** Words of the platform for its codes (error code table, [D3]). */
const words: Readonly<Record<number, string>> = {
  10003: 'Unknown Channel',
  10004: 'Unknown Guild',
  10007: 'Unknown Member',
  10008: 'Unknown Message',
  40005: 'Request entity too large',
  40058: 'Cannot send a message in a forum channel',
  40333: 'internal network error',
  50001: 'Missing Access',
  50005: 'Cannot edit a message authored by another user',
  50006: 'Cannot send an empty message',
  50007: 'Cannot send messages to this user',
  50008: 'Cannot send messages in a non-text channel',
  50013: 'Missing Permissions',
  50021: 'Cannot execute action on a system message',
  50035: 'Invalid Form Body',
  50041: 'Invalid API version provided',
  50083: 'Thread is archived',
  50109: 'The request body contains invalid JSON.',
  160002: 'Cannot reply without permission to read message history',
  160005: 'Thread is locked',
};

/** An answer that says no. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: unknown;

  constructor(status: number, code: number, options: { message?: string; errors?: unknown } = {}) {
    super(options.message ?? words[code] ?? `${status}: Error`);
    this.status = status;
    this.code = code;
    this.errors = options.errors;
  }

  body(): Record<string, unknown> {
    const { message, code, errors } = this;
    return { message, code, ...(errors === undefined ? {} : { errors }) };
  }
}

export interface FieldError {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** 50035 with its tree: every level is an object keyed by field name or index, leaves hold `_errors` [D5]. */
export function invalidForm(problems: readonly FieldError[]): Refusal {
  const root: Record<string, unknown> = {};
  for (const { path, code, message } of problems) {
    let node = root;
    for (const step of path) {
      node[step] ??= {};
      node = node[step] as Record<string, unknown>;
    }
    node['_errors'] ??= [];
    (node['_errors'] as unknown[]).push({ code, message });
  }
  return new Refusal(400, 50035, { errors: root });
}
