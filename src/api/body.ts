import { unlessAborted } from '../core/abort.ts';
import { ApiError } from './errors.ts';

/** More is a 413. A REPLR's instructions are the longest thing anybody sends. */
export const MAX_BODY_BYTES = 256 * 1024;
export const MAX_DEPTH = 20;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** The raw body as text. */
export async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request, MAX_BODY_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable();
  }
}

/**
 * The body as it came, never more than the cap in memory whatever `Content-Length` says or leaves out. What is beyond the
 * cap, or has not come when the signal aborts, is left unread; the HTTP server throws it away.
 */
export async function readBytes(request: Request, cap: number, signal?: AbortSignal): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > cap) throw tooLarge(cap);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await (signal ? unlessAborted(reader.read(), signal) : reader.read());
      if (done) return Buffer.concat(pieces, bytes);
      bytes += value.byteLength;
      if (bytes > cap) throw tooLarge(cap);
      pieces.push(value);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw unreadable();
  } finally {
    reader.releaseLock();
  }
}

const tooLarge = (cap: number) => new ApiError('payload_too_large', `The body may have at most ${cap / 1024} KiB.`);
const unreadable = () => new ApiError('bad_request', 'The body could not be read as UTF-8 text.');

/** The parser is chosen by the route: any other declared type is refused, and none is ever tried. */
export function parseObject(text: string, contentType: string | null): Record<string, unknown> {
  if (contentType === null || !JSON_TYPE.test(contentType)) {
    throw new ApiError('bad_request', 'Send the body as JSON, with the header `Content-Type: application/json`.');
  }
  refuseDepthAndDuplicates(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('bad_request', 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError('bad_request', 'The body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

/**
 * One pass over the text before it is parsed. A field given twice is refused rather than resolved: two readers of one
 * body must not see two different requests. Malformed text passes; the parser finds it.
 */
function refuseDepthAndDuplicates(text: string): void {
  const names = new Set<string>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new ApiError('bad_request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
    } else if (char === 0x7d || char === 0x5d) {
      depth -= 1;
    } else if (char === 0x22) {
      const end = endOfString(text, i);
      if (depth === 1 && isName(text, end)) {
        const name = decodeName(text.slice(i, end));
        if (names.has(name)) throw new ApiError('bad_request', 'The body names a field twice.');
        names.add(name);
      }
      i = end - 1;
    }
  }
}

/** Index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x5c) i += 1;
    else if (char === 0x22) return i + 1;
  }
  return text.length;
}

function isName(text: string, end: number): boolean {
  let i = end;
  while (i < text.length && ' \t\r\n'.includes(text.charAt(i))) i += 1;
  return text[i] === ':';
}

function decodeName(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}
