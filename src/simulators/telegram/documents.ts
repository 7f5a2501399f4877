import type { Call } from './call.ts';
import type { UploadedFile } from './parameters.ts';
import { badRequest, Refusal } from './refusal.ts';
import type { Document } from './world.ts';

/** Uploads [T5]. */
const LARGEST_FILE = 50 * 1024 * 1024;

/** The file of `sendDocument`. Those that the platform has already, and those at an address, are not spoken of here. */
export function readDocument(call: Call): UploadedFile {
  const file = call.files.get('document');
  if (!file) {
    const named = call.parameters.get('document');
    throw badRequest(named ? 'wrong file identifier/HTTP URL specified' : 'there is no document in the request');
  }
  if (file.bytes.length === 0) throw badRequest('file must be non-empty');
  if (file.bytes.length > LARGEST_FILE) throw new Refusal(413, 'Request Entity Too Large');
  return file;
}

export function documentOf({ name, type, bytes }: UploadedFile): Document {
  return { name, type, size: bytes.length, content: bytes.toString() };
}
