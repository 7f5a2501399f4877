/** One call as the other end saw it. */
export interface ScriptedCall {
  /** Last segment of the path. */
  readonly method: string;
  readonly url: string;
  readonly parameters: Record<string, unknown>;
  readonly signal: AbortSignal;
}

export type ScriptedAnswer = Response | Error | Promise<Response>;

/** A `fetch` that asks `answer` instead of the network, and keeps what was asked. */
export function scriptedFetch(answer: (call: ScriptedCall, index: number) => ScriptedAnswer) {
  const calls: ScriptedCall[] = [];
  const scripted = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = String(input);
    const signal = init?.signal ?? new AbortController().signal;
    const body = typeof init?.body === 'string' ? parametersOf(init.body) : {};
    const call = { method: url.slice(url.lastIndexOf('/') + 1), url, parameters: body, signal };
    calls.push(call);
    const given = answer(call, calls.length - 1);
    if (given instanceof Error) throw given;
    return given;
  };
  return { fetch: scripted as typeof fetch, calls };
}

/** A body is JSON or a form. */
function parametersOf(body: string): Record<string, unknown> {
  return body.startsWith('{') ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}

/** Never answers; rejects when the caller gives up. */
export function hangs(signal: AbortSignal): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
  });
}
