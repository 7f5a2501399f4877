import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogFields } from '../core/log.ts';
import { redact } from './redact.ts';

/** An error's text is for operators; longer ones are usually somebody's HTML page. Characters. */
const MAX_ERROR_TEXT = 500;

/** JSON lines through one choke point that redacts secrets, ours and those of these shapes. `write` gets whole lines. */
export function createLogger(level: string, write: (line: string) => void, secrets: readonly RegExp[]): Log {
  const stream = { write: (line: string) => write(redact(line, secrets)) };
  return wrap(
    pino(
      {
        level,
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        messageKey: 'event',
        serializers: { error: described },
      },
      stream,
    ),
  );
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
    child: (fields: LogFields) => wrap(logger.child(fields)),
  };
}

/** What an operator needs of an error and nothing that may hold content: own properties of errors are left out. */
function described(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error).slice(0, MAX_ERROR_TEXT);
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message.slice(0, MAX_ERROR_TEXT),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(depth === 0 && error.stack
      ? {
          at: error.stack
            .split('\n')
            .slice(1, 6)
            .map((line) => line.trim()),
        }
      : {}),
    ...(error.cause !== undefined && depth < 3 ? { cause: described(error.cause, depth + 1) } : {}),
  };
}
