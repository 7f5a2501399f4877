/**
 * The least that an echo bot needs: long polling and sendMessage by plain `fetch`, nothing stored, nothing retried.
 * A program of its own; `{ apiUrl, tokens }` comes as JSON in one line on stdin, and it ends when stdin does.
 */
import { createInterface } from 'node:readline';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';

interface Update {
  readonly update_id: number;
  readonly message?: { readonly chat: { readonly id: number }; readonly text?: string };
}

const HOLD_S = 40;
const headers = { 'content-type': 'application/json' };

async function call(base: string, method: string, parameters: object): Promise<unknown> {
  const response = await fetch(`${base}/${method}`, { method: 'POST', headers, body: JSON.stringify(parameters) });
  const body = (await response.json()) as { ok: boolean; result: unknown };
  if (!body.ok) throw new Error(`${method}: ${JSON.stringify(body)}`);
  return body.result;
}

async function loop(base: string): Promise<never> {
  for (let offset = 0; ; ) {
    const poll = { offset, limit: 100, timeout: HOLD_S, allowed_updates: ['message'] };
    const updates = (await call(base, 'getUpdates', poll)) as Update[];
    for (const { update_id, message } of updates) {
      offset = update_id + 1;
      if (message?.text === undefined) continue;
      // The next poll does not wait for the answer; one that fails ends the process.
      void call(base, 'sendMessage', { chat_id: message.chat.id, text: ECHO_PREFIX + message.text });
    }
  }
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  const { apiUrl, tokens } = JSON.parse(line) as { apiUrl: string; tokens: readonly string[] };
  for (const token of tokens) void loop(`${apiUrl}/bot${token}`);
});
input.once('close', () => process.exit());
