import type { BotHandle } from './bots.ts';
import type { TelegramSimulator } from './simulator.ts';

/** For the tests beside: the plainest client there is. */
export interface Reply {
  readonly status: number;
  readonly ok: boolean;
  readonly result: unknown;
  readonly description: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

export async function call(
  simulator: TelegramSimulator,
  bot: BotHandle | string,
  method: string,
  parameters: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<Reply> {
  const token = typeof bot === 'string' ? bot : bot.token;
  const response = await fetch(`${simulator.url}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(parameters),
    signal: signal ?? null,
  });
  const body = (await response.json()) as Omit<Reply, 'status'>;
  return { ...body, status: response.status };
}

export async function updatesOf(
  simulator: TelegramSimulator,
  bot: BotHandle,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<Update[]> {
  const reply = await call(simulator, bot, 'getUpdates', parameters);
  if (!reply.ok) throw new Error(reply.description);
  return reply.result as Update[];
}
