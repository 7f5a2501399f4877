import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** Stands for bytes that are not UTF-8: a lone surrogate, which every check of texts then finds. */
const notText = '\ud800';
/** Room for an upload of 50 MB (platforms.md §2.4) and one that is too large. */
const LARGEST_BODY = 60 * 1024 * 1024;

export interface Parameters {
  readonly values: ReadonlyMap<string, string>;
  /** By the parameter's name; multipart only. */
  readonly files: ReadonlyMap<string, UploadedFile>;
  /** The body as it was, where it was JSON: only there have values a type. */
  readonly json: unknown;
  /** The real server ignores a body that it cannot read, and then misses what was in it. */
  readonly malformed: boolean;
}

export interface UploadedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const noFiles: ReadonlyMap<string, UploadedFile> = new Map();

/** Query string and body, whichever way they came: JSON, form or multipart. */
export async function readParameters(request: IncomingMessage, query: string): Promise<Parameters> {
  const values = new Map<string, string>();
  readForm(query, values);
  const body = await readBody(request);
  if (body.length === 0) return { values, files: noFiles, json: undefined, malformed: false };
  const type = request.headers['content-type'] ?? '';
  const kind = type.split(';')[0]?.trim().toLowerCase();
  if (kind === 'application/json') return readJson(body, values);
  if (kind === 'application/x-www-form-urlencoded') {
    readForm(body.toString('latin1'), values);
    return { values, files: noFiles, json: undefined, malformed: false };
  }
  if (kind === 'multipart/form-data') {
    try {
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const files = new Map<string, UploadedFile>();
      for (const [name, value] of form) {
        if (typeof value === 'string') values.set(name, value);
        else files.set(name, { name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) });
      }
      return { values, files, json: undefined, malformed: false };
    } catch {
      return { values, files: noFiles, json: undefined, malformed: true };
    }
  }
  return { values, files: noFiles, json: undefined, malformed: true };
}

function readJson(body: Buffer, values: Map<string, string>): Parameters {
  if (!isUtf8(body)) {
    // Which string is broken no longer shows; the text is the one that is checked.
    values.set('text', notText);
    return { values, files: noFiles, json: undefined, malformed: true };
  }
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return { values, files: noFiles, json: undefined, malformed: true };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { values, files: noFiles, json, malformed: true };
  for (const [name, value] of Object.entries(json)) {
    values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return { values, files: noFiles, json, malformed: false };
}

function readForm(source: string, values: Map<string, string>): void {
  if (source === '') return;
  for (const pair of source.split('&')) {
    const at = pair.indexOf('=');
    values.set(decode(at < 0 ? pair : pair.slice(0, at)), at < 0 ? '' : decode(pair.slice(at + 1)));
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return notText;
  }
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > LARGEST_BODY) throw new Error('body too large');
  }
  return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
}
