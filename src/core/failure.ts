/**
 * Why a platform call failed, told as what to do next. Connectors classify by structured codes; nothing outside a
 * connector reads a platform's error text.
 */
export type Failure =
  /** Try again. `delivered: 'unknown'` when the request may have taken effect: then look up before repeating. */
  | { readonly kind: 'retry'; readonly delivered: 'no' | 'unknown'; readonly afterMs?: number; readonly reason: string }
  /** Wait exactly this long. The scope says what must wait: this conversation, or all that uses the credential. */
  | { readonly kind: 'rate_limited'; readonly afterMs: number; readonly scope: 'conversation' | 'credential' }
  /** The credential is dead: stop using it. */
  | { readonly kind: 'unauthorized' }
  /** The place cannot be spoken in (blocked, kicked, deleted, closed). Others go on. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** The platform will never take this payload. */
  | { readonly kind: 'rejected'; readonly reason: string };
