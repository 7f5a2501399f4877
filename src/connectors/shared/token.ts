import { z } from 'zod';

/**
 * Loose on purpose: the platform is the judge of its tokens, this only keeps out what could change a URL or a header.
 * Lone surrogates cannot be encoded into a URL at all.
 */
export function tokenSchema(message: string) {
  return z
    .string({ error: message })
    .min(1, message)
    .max(512, message)
    .regex(/^[^\s\p{Cc}\p{Cs}/?#%\\]+$/u, message);
}
