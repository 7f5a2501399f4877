import type { Fault } from '../../src/simulators/model/fault.ts';

/** What a model may do to the one character that it stands behind. */
export const modelTroubles: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: 'model: never answers', fault: { kind: 'hang' } },
  { name: 'model: falls silent', fault: { kind: 'stall' } },
  { name: 'model: 500', fault: { kind: 'status', status: 500 } },
  { name: 'model: 429 for a minute', fault: { kind: 'status', status: 429, retryAfter: '60' } },
  { name: 'model: refuses the message', fault: { kind: 'status', status: 400 } },
  { name: 'model: empty', fault: { kind: 'empty' } },
  { name: 'model: cut off', fault: { kind: 'drop' } },
  { name: 'model: garbage', fault: { kind: 'malformed' } },
  { name: 'model: 1 MB', fault: { kind: 'large', characters: 1 << 20 } },
];
