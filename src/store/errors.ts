import type { StoreFailure } from '../core/store.ts';

/** SQLSTATE classes that speak of the statement or of what was handed in: data, constraints, syntax, internal errors. */
const OUR_CLASSES = /^(22|23|42|XX)|^ERR_/;
/** The same among SQLite's primary codes: ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const OUR_CODES = new Set([1, 19, 20, 21, 25]);

/**
 * What the database refused, told without the values it refused: a driver's error may quote a whole row, and rows hold
 * what people wrote.
 */
export class StoreError extends Error implements StoreFailure {
  /** SQLSTATE or SQLite's name of the error, where there is one. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }

  get away(): boolean {
    const { code } = this;
    // A lost connection has none.
    if (code === undefined) return true;
    const sqlite = /^SQLITE_(\d+)$/.exec(code)?.[1];
    // The low byte is the primary code, whatever the details above it.
    return sqlite === undefined ? !OUR_CLASSES.test(code) : !OUR_CODES.has(Number(sqlite) & 0xff);
  }
}

/** The store was sealed with another key. Nothing was read, nothing was written. */
export class StoreKeyError extends Error {
  constructor() {
    super('this store was sealed with another secret key: start with the key it was created with');
    this.name = 'StoreKeyError';
  }
}

/** Another server process works on this data directory. */
export class StoreInUseError extends Error {
  constructor(dataDir: string) {
    super(`another process is using the store in ${dataDir}: stop it first, or choose another data directory`);
    this.name = 'StoreInUseError';
  }
}

export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError(String(error));
  const known = error as Error & { code?: unknown; errcode?: unknown; errstr?: unknown };
  const code = known.code === 'ERR_SQLITE_ERROR' ? `SQLITE_${known.errcode}` : known.code;
  return new StoreError(error.message, typeof code === 'string' ? code : undefined);
}
