import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { IntegrationId, RandomBytes, UserId } from '../core/ids.ts';
import type { Credential } from '../core/integration.ts';

/** Whose secret it is. Bound into the seal, so that ciphertext moved to another row opens no more. */
export interface SealContext {
  readonly userId: UserId;
  readonly integrationId: IntegrationId;
}

export interface Sealer {
  seal(context: SealContext, credential: Credential): Record<string, string>;
  /** Throws a `SealError` when a value was changed, moved or sealed with another key. */
  unseal(context: SealContext, sealed: Readonly<Record<string, string>>): Credential;
  /** Tells this key from others and gives nothing of it away. */
  readonly keyCheck: string;
}

export class SealError extends Error {
  constructor(reason: string) {
    super(`a stored secret cannot be opened: ${reason}`);
    this.name = 'SealError';
  }
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM with a fresh nonce per value; text form `v1.<key id>.<nonce>.<ciphertext>.<tag>`, base64url. */
export function createSealer(key: Uint8Array, random: RandomBytes): Sealer {
  if (key.length !== 32) throw new Error('the secret key must have 32 bytes');
  const fingerprint = (of: string) => createHmac('sha256', key).update(of).digest('base64url');
  const keyId = fingerprint('key id').slice(0, 8);
  const boundTo = ({ userId, integrationId }: SealContext, field: string) =>
    Buffer.from(`${userId}|${integrationId}|${field}|${keyId}`);

  const sealValue = (context: SealContext, field: string, value: string): string => {
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(context, field));
    const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    const parts = [nonce, sealed, cipher.getAuthTag()].map((bytes) => Buffer.from(bytes).toString('base64url'));
    return [VERSION, keyId, ...parts].join('.');
  };

  const unsealValue = (context: SealContext, field: string, text: string): string => {
    const [version, sealedWith, nonce, sealed, tag] = text.split('.');
    if (version !== VERSION || nonce === undefined || sealed === undefined || tag === undefined) {
      throw new SealError('unknown form');
    }
    if (sealedWith !== keyId) throw new SealError('sealed with another key');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(boundTo(context, field)).setAuthTag(Buffer.from(tag, 'base64url'));
      return decipher.update(sealed, 'base64url', 'utf8') + decipher.final('utf8');
    } catch {
      throw new SealError('changed, or moved from where it belongs');
    }
  };

  const each = (record: Readonly<Record<string, string>>, map: (field: string, value: string) => string) =>
    Object.fromEntries(Object.entries(record).map(([field, value]) => [field, map(field, value)]));

  return {
    seal: (context, credential) => each(credential, (field, value) => sealValue(context, field, value)),
    unseal: (context, sealed) => each(sealed, (field, value) => unsealValue(context, field, value)),
    keyCheck: fingerprint('key check'),
  };
}
