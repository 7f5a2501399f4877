/** In bytes, counted after decompression. */
export interface BodyLimits {
  /** Of what a provider says on a failure; the rest is cut off and not read. */
  readonly failure: number;
  /** Of an answer in all, */
  readonly answer: number;
  /** and of one event of its stream, which is held in memory until it ends. */
  readonly event: number;
}

/**
 * The packages read what a provider says on a failure whole, and an event of a stream however long it is. An answer of
 * `MAX_ANSWER_CHARACTERS` fits in, also with each character in an event of its own (300 bytes), and also with all of them
 * escaped (6 bytes each) in a single one.
 */
const defaultLimits: BodyLimits = { failure: 64 * 1024, answer: 32 * 1024 * 1024, event: 1024 * 1024 };

/** What came was no answer of a sane size; it was not read to its end. */
export class OversizedBody extends Error {
  override readonly name = 'OversizedBody';
}

/** A `fetch` of whose bodies nobody reads more than the limits, whoever sends them. */
export function boundedFetch(fetch: typeof globalThis.fetch, limits: BodyLimits = defaultLimits): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    // They tell of the body as it was sent, and the packages believe them.
    for (const name of ['content-length', 'content-encoding']) headers.delete(name);
    const bound = response.ok ? failingBeyond(limits) : cutAt(limits.failure);
    return new Response(response.body.pipeThrough(bound), { status, statusText, headers });
  };
}

function cutAt(limit: number) {
  let left = limit;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk.subarray(0, left));
      left -= chunk.length;
      // Also cancels what is still to come.
      if (left <= 0) controller.terminate();
    },
  });
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

function failingBeyond(limits: BodyLimits) {
  let total = 0;
  let event = 0;
  let blank = true;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      total += chunk.length;
      for (const byte of chunk) {
        event += 1;
        if (byte === LINE_FEED) {
          // An empty line ends an event.
          if (blank) event = 0;
          blank = true;
        } else if (byte !== CARRIAGE_RETURN) blank = false;
        if (event > limits.event) break;
      }
      if (total > limits.answer || event > limits.event) throw new OversizedBody();
      controller.enqueue(chunk);
    },
  });
}
