/** The platform's "no": thrown by whatever checks a call, turned into an answer in one place. */
export class Refusal extends Error {
  readonly status: number;
  readonly description: string;
  readonly parameters: Record<string, unknown> | undefined;

  constructor(status: number, description: string, parameters?: Record<string, unknown>) {
    super(description);
    this.status = status;
    this.description = description;
    this.parameters = parameters;
  }
}

/**
 * 400 as the server words it: its own messages begin with a small letter, constants (`TOPIC_CLOSED`) stay as they are.
 * Source: the server's `fail_query_with_error` [T7].
 */
export function badRequest(message: string, parameters?: Record<string, unknown>): Refusal {
  const second = message.charAt(1);
  const keep = second === '_' || (second >= 'A' && second <= 'Z');
  const text = keep ? message : message.charAt(0).toLowerCase() + message.slice(1);
  return new Refusal(400, `Bad Request: ${text}`, parameters);
}

export function forbidden(message: string): Refusal {
  return new Refusal(403, `Forbidden: ${message}`);
}

export function conflict(message: string): Refusal {
  return new Refusal(409, `Conflict: ${message}`);
}

export function tooManyRequests(seconds: number): Refusal {
  return new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}
