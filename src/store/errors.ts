/**
 * What the database refused, told without the values it refused: a driver's error may quote a whole row, and rows hold
 * what people wrote.
 */
export class StoreError extends Error {
  /** SQLSTATE or SQLite's name of the error, where there is one. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
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
