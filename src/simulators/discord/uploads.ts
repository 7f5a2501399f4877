import { isObject, parsed } from '../shared/json.ts';
import { invalidForm, Refusal } from './refusal.ts';

/** A file as it came with a message. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly text: string;
}

const maxFiles = 10;
/** Of the whole request [D4]. */
const maxBytes = 25 * 1024 * 1024;

/** `multipart/form-data`: the body as `payload_json`, files as `files[0]`, `files[1]` … [D4]. */
export async function readForm(
  type: string,
  source: Buffer,
): Promise<{ body: Record<string, unknown>; files: readonly Upload[] }> {
  if (source.length > maxBytes) throw new Refusal(400, 40005);
  const form = await new Response(new Uint8Array(source), { headers: { 'content-type': type } })
    .formData()
    .catch(() => {
      throw new Refusal(400, 50035, { message: 'Invalid Form Body' });
    });
  const payload = form.get('payload_json');
  const body = typeof payload === 'string' ? parsed(payload) : {};
  if (!isObject(body)) throw new Refusal(400, 50109);
  const files: Upload[] = [];
  const numbers: string[] = [];
  for (const [name, value] of form) {
    const [, number] = /^files\[(\d{1,2})\]$/.exec(name) ?? [];
    if (number === undefined || typeof value === 'string') continue;
    numbers.push(number);
    files.push({ name: value.name, type: value.type, size: value.size, text: await value.text() });
  }
  if (files.length > maxFiles)
    throw invalidForm([{ path: ['files'], code: 'BASE_TYPE_BAD_LENGTH', message: 'Too many' }]);
  const named = Array.isArray(body['attachments']) ? body['attachments'] : [];
  for (const [at, attachment] of named.entries()) {
    const id = isObject(attachment) ? String(attachment['id']) : '';
    if (numbers.includes(id)) continue;
    const message = 'Attachment data not found';
    throw invalidForm([{ path: ['attachments', at, 'id'], code: 'ATTACHMENT_NOT_FOUND', message }]);
  }
  return { body, files };
}
