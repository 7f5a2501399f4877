import type { LedgerCall, LedgerMessage } from './ledger.ts';
import type { UploadedFile } from './parameters.ts';
import type { Scene } from './scene.ts';
import type { Bot } from './world.ts';

/** One call of one method. As at the real server every parameter is text; objects come as their JSON. */
export interface Call {
  readonly scene: Scene;
  readonly bot: Bot;
  readonly parameters: ReadonlyMap<string, string>;
  /** Uploads of a multipart body, by the parameter's name. */
  readonly files: ReadonlyMap<string, UploadedFile>;
  readonly entry: LedgerCall;
  /** What it made visible; marked when the caller is never told. */
  made?: LedgerMessage;
  /** Calls back when the client has gone. */
  onLeave(action: () => void): void;
}

export function text(call: Call, name: string): string {
  return call.parameters.get(name) ?? '';
}

/** Lenient as the server is: digits as far as they go, else 0. */
export function integer(call: Call, name: string, otherwise = 0): number {
  const value = text(call, name);
  if (value === '') return otherwise;
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? 0 : number;
}

export function flag(call: Call, name: string): boolean {
  return ['true', 'yes', '1'].includes(text(call, name).toLowerCase());
}
