/**
 * Every code the API can answer with, its status, and what it means. The documentation is made from the same table, so
 * that there is no code it does not tell.
 */
export const errorCodes = {
  bad_request: { status: 400, meaning: 'The request cannot be read: no JSON, wrong content type, bad header.' },
  validation_error: {
    status: 400,
    meaning: 'Fields are missing, unknown or wrong; `details.fields` says which and why.',
  },
  unauthorized: { status: 401, meaning: 'No valid API key.' },
  token_expired: { status: 401, meaning: 'The API key has expired.' },
  forbidden: { status: 403, meaning: 'The API key may not do this.' },
  plan_limit: { status: 403, meaning: 'A limit of the plan is reached.' },
  not_found: { status: 404, meaning: 'It does not exist, or belongs to somebody else.' },
  request_timeout: { status: 408, meaning: 'The body took too long to arrive.' },
  conflict: { status: 409, meaning: 'Something else is in the way; `details` says what when it is yours.' },
  payload_too_large: { status: 413, meaning: 'The body is larger than 256 KiB.' },
  unprocessable_entity: {
    status: 422,
    meaning: "Well-formed, but it cannot be done; `details.reason` is the platform's own reason.",
  },
  rate_limit_exceeded: { status: 429, meaning: 'Too many requests; try again after `retry_after` seconds.' },
  internal_error: { status: 500, meaning: 'A fault of ours. Quote the `request_id`.' },
  upstream_error: { status: 502, meaning: 'The platform cannot be asked now. Nothing was changed.' },
  service_unavailable: { status: 503, meaning: 'The server cannot serve now.' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorBody {
  readonly error: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly retry_after?: number;
  readonly request_id: string;
}

interface ErrorExtras {
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seconds; goes into the body and into the `Retry-After` header. */
  readonly retryAfter?: number;
}

/**
 * An answer that is not a success. Thrown, because validation, access and the platform's word can end a request at any
 * depth and always in the same way; whatever else is thrown is a bug and becomes `internal_error`.
 */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, { details = {}, retryAfter }: ErrorExtras = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** `fields`: field → what is wrong with it. A `Map` and `fromEntries`, so that a field named `__proto__` is only a name. */
export function invalidFields(fields: ReadonlyMap<string, string>): ApiError {
  const names = [...fields.keys()].join(', ');
  return new ApiError('validation_error', `Please correct: ${names}.`, {
    details: { fields: Object.fromEntries(fields) },
  });
}

/** One and the same answer for what never existed and what belongs to somebody else. */
export function notFound(what: 'Integration' | 'REPLR' | 'Endpoint'): ApiError {
  return new ApiError('not_found', `${what} not found.`);
}

export function errorBody(error: ApiError, requestId: string): ErrorBody {
  return {
    error: error.code,
    message: error.message,
    details: error.details,
    ...(error.retryAfter !== undefined && { retry_after: error.retryAfter }),
    request_id: requestId,
  };
}
