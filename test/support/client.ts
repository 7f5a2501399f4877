/** A caller of the public API, as a user's program would be. */
export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The tests read whatever the API answers; what it must be is what they assert.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

export function createClient(url: string, key: string): Client {
  const call = async (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body, headers) => call('POST', path, body, headers),
    put: (path, body) => call('PUT', path, body),
    delete: (path) => call('DELETE', path),
  };
}

/** Makes a REPLR and returns its id. */
export async function makeReplr(client: Client, fields: Record<string, unknown> = {}): Promise<string> {
  const { body } = await client.post('/v1/replrs', { name: 'Ada', instructions: 'You are Ada.', ...fields });
  return body.id;
}
