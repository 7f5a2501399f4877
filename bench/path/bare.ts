import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bots, Subject } from './subject.ts';

const PROGRAM = fileURLToPath(new URL('./bare-loop.ts', import.meta.url));

export function startBare(apiUrl: string, bots: Bots): Subject {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'inherit', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify({ apiUrl, tokens: bots.map((bot) => bot.token) })}\n`);
  return {
    pid: child.pid ?? 0,
    stored: async () => undefined,
    obituary: () =>
      child.exitCode === null && child.signalCode === null
        ? undefined
        : `ended with ${child.exitCode ?? child.signalCode}`,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
