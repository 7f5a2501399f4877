import type { Writable } from 'node:stream';

/**
 * Writes lines to a stream as long as somebody takes them. A reader that has gone, or a full disk behind it, costs the lines and
 * nothing else: a log that cannot be written must neither throw into what it tells of nor become an error to be logged.
 */
export function lineWriter(stream: Writable): (line: string) => void {
  stream.on('error', () => {});
  return (line) => {
    if (!stream.writable) return;
    try {
      stream.write(line);
    } catch {
      // A file is written at once, and throws at once.
    }
  };
}
