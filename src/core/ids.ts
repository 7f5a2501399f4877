/**
 * Identifiers carry their kind in the prefix, so that a log line or a support ticket explains itself and the compiler
 * refuses to mix them. They are random, never sequential: an id must not tell how many others exist.
 */
export type IntegrationId = `int_${string}`;
export type ReplrId = `rp_${string}`;
export type UserId = `usr_${string}`;
export type ApiKeyId = `key_${string}`;
export type BotId = `bot_${string}`;
export type DeliveryId = `dlv_${string}`;
export type NodeId = `node_${string}`;
export type RequestId = `req_${string}`;

/** A source of cryptographically strong random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

export interface Ids {
  /** `int_` and 12 hex digits, the documented format. 48 bits: creation retries on collision. */
  integration(): IntegrationId;
  /** `rp_` and 8 of `a-z0-9`, the documented format. Creation retries on collision. */
  replr(): ReplrId;
  user(): UserId;
  apiKey(): ApiKeyId;
  bot(): BotId;
  delivery(): DeliveryId;
  node(): NodeId;
  request(): RequestId;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Characters drawn without bias: bytes beyond the last whole multiple of the alphabet are thrown away. */
function letters(count: number, random: RandomBytes): string {
  const fair = 256 - (256 % ALPHABET.length);
  let text = '';
  while (text.length < count) {
    for (const byte of random(count)) {
      if (byte < fair && text.length < count) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

export function createIds(random: RandomBytes): Ids {
  return {
    integration: () => `int_${hex(random(6))}`,
    replr: () => `rp_${letters(8, random)}`,
    user: () => `usr_${hex(random(8))}`,
    apiKey: () => `key_${hex(random(8))}`,
    bot: () => `bot_${hex(random(8))}`,
    delivery: () => `dlv_${hex(random(12))}`,
    node: () => `node_${hex(random(6))}`,
    request: () => `req_${hex(random(12))}`,
  };
}
