export type LogFields = Record<string, unknown>;

/**
 * The one interface through which every part speaks of itself. `event` is a stable snake_case name that an operator can
 * search for; what varies goes into `fields`. Implementations redact secrets and never write message content.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
