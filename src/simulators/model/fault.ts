/** What goes wrong with a call, or what it answers instead of the default. */
export type Behaviour =
  /** Waits before the first byte, then answers. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Not a byte until `release`, then answers. */
  | { readonly kind: 'hang' }
  /** Some pieces of the answer (1 unless told), then silence until `release`. */
  | { readonly kind: 'stall'; readonly afterPieces?: number }
  /** Some pieces, then the connection is reset. */
  | { readonly kind: 'drop'; readonly afterPieces?: number }
  /** Some pieces, then the stream ends in good order but without a finish reason. */
  | { readonly kind: 'end_early'; readonly afterPieces?: number }
  /** Some pieces, then an event that is no JSON. */
  | { readonly kind: 'malformed'; readonly afterPieces?: number }
  /** Some pieces, then an error object inside the stream. */
  | { readonly kind: 'stream_error'; readonly afterPieces?: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly code?: string }
  /** This status, and a body of 64 MB that says nothing. */
  | { readonly kind: 'endless_error'; readonly status: number; readonly gzip?: boolean }
  /** A stream whose first line goes on for 64 MB. */
  | { readonly kind: 'endless_line'; readonly gzip?: boolean }
  /** A complete answer without text. */
  | { readonly kind: 'empty' }
  /** A filter ends the answer, after this text if there is any. */
  | { readonly kind: 'refusal'; readonly text?: string }
  /** One character at a time, for ever or until the text is over. */
  | { readonly kind: 'trickle'; readonly everyMs: number; readonly text?: string }
  | { readonly kind: 'answer'; readonly text: string; readonly finish?: 'stop' | 'length' }
  | { readonly kind: 'large'; readonly characters?: number }
  /** Answers with everything it was sent: what the prompt holds comes out in the chat. */
  | { readonly kind: 'echo_prompt' };

export type Fault = Behaviour & {
  /** How many calls it meets; 1 unless told, `null` for all. */
  readonly times?: number | null;
  /** Only calls whose prompt contains this. */
  readonly match?: string;
  /** Only calls for this model. */
  readonly model?: string;
  /** Says nothing of what the answer cost, as some services do. */
  readonly withoutUsage?: boolean;
};

const required: Record<Behaviour['kind'], readonly [field: string, type: string][]> = {
  delay: [['ms', 'number']],
  hang: [],
  stall: [],
  drop: [],
  end_early: [],
  malformed: [],
  stream_error: [],
  status: [['status', 'number']],
  endless_error: [['status', 'number']],
  endless_line: [],
  empty: [],
  refusal: [],
  trickle: [['everyMs', 'number']],
  answer: [['text', 'string']],
  large: [],
  echo_prompt: [],
};

const optional: Readonly<Record<string, string>> = {
  afterPieces: 'number',
  retryAfter: 'string',
  code: 'string',
  finish: 'string',
  characters: 'number',
  text: 'string',
  match: 'string',
  model: 'string',
  withoutUsage: 'boolean',
  gzip: 'boolean',
};

/** A fault from the control API, or one sentence on what is wrong with it. */
export function parseFault(value: unknown): Fault | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'A fault is an object.';
  const fields = value as Record<string, unknown>;
  const kind = fields['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(required, kind)) {
    return `"kind" must be one of ${Object.keys(required).join(', ')}.`;
  }
  const needs = required[kind as Behaviour['kind']];
  for (const [field, type] of needs) if (typeof fields[field] !== type) return `"${field}" must be a ${type}.`;
  for (const [field, value] of Object.entries(fields)) {
    if (field === 'kind' || needs.some(([name]) => name === field)) continue;
    if (field === 'times') {
      if (value !== null && typeof value !== 'number') return '"times" must be a number or null.';
    } else if (!Object.hasOwn(optional, field)) return `"${field}" is unknown.`;
    else if (typeof value !== optional[field]) return `"${field}" must be a ${optional[field]}.`;
  }
  return fields as unknown as Fault;
}

/** The faults in waiting, oldest first; each call takes the first that fits. */
export function createFaults() {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add: (fault: Fault): void => {
      waiting.push({ fault, left: fault.times === null ? Number.POSITIVE_INFINITY : (fault.times ?? 1) });
    },
    take: (prompt: string, model: string): Fault | undefined => {
      const found = waiting.find(
        ({ fault, left }) => left > 0 && prompt.includes(fault.match ?? '') && (fault.model ?? model) === model,
      );
      if (found) found.left -= 1;
      waiting = waiting.filter(({ left }) => left > 0);
      return found?.fault;
    },
    clear: (): void => {
      waiting = [];
    },
  };
}
