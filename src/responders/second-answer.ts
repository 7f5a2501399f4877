import { RESTART, type Responder, ResponderError } from '../core/responder.ts';

type Pieces = ReturnType<Responder>;

/**
 * The pieces of `first`, or, where it failed for a reason that calls for it, those of `second` instead. When both fail, the
 * failure of the first stands.
 */
export async function* orSecond(
  first: Pieces,
  isWanted: (failure: ResponderError) => boolean,
  second: (failure: ResponderError) => Pieces,
  signal: AbortSignal,
): Pieces {
  let spoken = false;
  let failure: ResponderError;
  try {
    for await (const piece of first) {
      spoken = piece !== RESTART;
      yield piece;
    }
    return;
  } catch (error) {
    if (!(error instanceof ResponderError) || !isWanted(error)) throw error;
    failure = error;
  }
  signal.throwIfAborted();
  if (spoken) yield RESTART;
  try {
    yield* second(failure);
  } catch {
    signal.throwIfAborted();
    throw failure;
  }
}
