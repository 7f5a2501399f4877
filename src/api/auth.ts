import { createHash } from 'node:crypto';
import type { ApiKeyId, UserId } from '../core/ids.ts';
import type { Store } from '../core/store.ts';

export interface Caller {
  readonly keyId: ApiKeyId;
  readonly userId: UserId;
}

/** The scheme in any case (RFC 9110 §11.1), one space or more, and a key without white space. Linear. */
const BEARER = /^bearer +([!-~]{1,512})$/i;

/**
 * Who calls, or undefined. A header given twice arrives joined by a comma and a space, which no key contains. Keys are
 * looked up by their digest, so no comparison depends on how much of a key was guessed; and a request without a usable
 * key costs the same look-up, so that time does not tell one kind of refusal from another.
 */
export async function authenticate(store: Store, header: string | undefined): Promise<Caller | undefined> {
  const key = BEARER.exec(header ?? '')?.[1];
  const found = await store.findApiKey(hashApiKey(key ?? ''));
  return key === undefined || found === undefined ? undefined : { keyId: found.id, userId: found.userId };
}

/** What is stored of a key. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}
