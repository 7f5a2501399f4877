import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { startApp } from './app.ts';
import { apiUrlSetting, type Config, type Environment, readConfig } from './config.ts';
import { connectors } from './connectors/registry.ts';
import type { Log } from './core/log.ts';
import { newApiKey } from './keys.ts';
import { simulators } from './simulators/registry.ts';
import type { Simulator, Stage } from './simulators/simulator.ts';

/** An answer that takes longer than this has failed the `--once` run, ms. */
const ONCE_MS = 60_000;
const ECHO = 'builtin/echo';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
  /** What is typed shows already: posts of the person need not be printed again. */
  readonly shows: boolean;
}

interface Scene {
  readonly platform: string;
  readonly stage: Stage;
}

/**
 * The server with a simulator for each platform, one REPLR connected to all of them, in a folder of its own that is gone
 * afterwards. Everything goes through the public API, as a user would do it. Resolves with the exit code.
 */
export async function playground(env: Environment, log: Log, terminal: Terminal, once: boolean): Promise<number> {
  const say = (line: string): void => void terminal.output.write(`${line}\n`);
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-playground-'));
  const running: Simulator[] = [];
  try {
    for (const entry of simulators) running.push(await entry.start({}));
    const key = newApiKey();
    const config = configured(env, dataDir, key, running, once);
    const app = await startApp(config, log);
    try {
      const scenes = await connect(app.url, key, running);
      say(
        `REPLR Integrations is running at ${app.url}, with ${scenes.length === 1 ? 'a simulated platform' : 'simulated platforms'}:`,
      );
      for (const { stage } of scenes) say(`  ${stage.title}`);
      if (once) return await eachAnswers(scenes, say, terminal.signal);
      say(`API key for this run: ${key}`);
      if (config.model === ECHO) {
        say('No model is configured, so Ada repeats what you say. Name one with REPLR_MODEL; see the README.');
      }
      await converse(scenes, say, terminal);
      return 0;
    } finally {
      await app.stop();
    }
  } finally {
    await Promise.all(running.map((simulator) => simulator.close()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

function configured(
  env: Environment,
  dataDir: string,
  key: string,
  running: readonly Simulator[],
  once: boolean,
): Config {
  const urls = Object.fromEntries(running.map(({ platform, url }) => [apiUrlSetting(platform), url]));
  // A run that ends by itself must not fail because something else listens on the usual port.
  const port = env['PORT'] ?? (once ? '0' : undefined);
  return readConfig(
    {
      ...env,
      ...urls,
      PORT: port,
      DATABASE_URL: undefined,
      REPLR_SECRET_KEY: undefined,
      REPLR_PUBLIC_URL: undefined,
      REPLR_DATA_DIR: dataDir,
      REPLR_API_KEY: key,
    },
    // Without the deployment's own secrets: those are of a real app.
    connectors.map(({ platform }) => ({ platform })),
  );
}

async function connect(url: string, key: string, running: readonly Simulator[]): Promise<Scene[]> {
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const replr = await post('/v1/replrs', {
    name: 'Ada',
    instructions: 'You are Ada, a friendly guide to this playground. Keep your answers short.',
  });
  const scenes: Scene[] = [];
  for (const simulator of running) {
    const stage = await simulator.stage();
    await post(`/v1/integrations/${simulator.platform}`, { ...stage.connect, replr_id: replr['id'] });
    scenes.push({ platform: simulator.platform, stage });
  }
  return scenes;
}

/** Posts one message on each platform and waits for the answers. 0 only if each came. */
async function eachAnswers(
  scenes: readonly Scene[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const came = await Promise.all(
    scenes.map(async ({ stage }) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(ONCE_MS)]);
      await stage.say('Hello from the playground!');
      return answered(stage, patience);
    }),
  );
  for (const [index, { stage }] of scenes.entries()) {
    say(`\n${stage.title}`);
    for (const line of await stage.transcript()) say(`  ${line.who}: ${line.text}`);
    say(came[index] ? '  (answered)' : '  (NO ANSWER)');
  }
  return came.every(Boolean) ? 0 : 1;
}

/** Resolves with true as soon as the bot has spoken as often as people have, with false when the signal aborts before. */
async function answered(stage: Stage, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const lines = await stage.transcript();
    if (lines.filter((line) => line.fromBot).length * 2 >= lines.length) return true;
    if (signal.aborted) return false;
    await stage.changed(lines.length, signal);
  }
}

/** A prompt: what you type is posted as a person, what is visible on the platforms is printed. */
async function converse(scenes: readonly Scene[], say: (line: string) => void, terminal: Terminal): Promise<void> {
  let here = scenes[0];
  if (!here) return;
  const names = scenes.map((scene) => `/${scene.platform}`).join(' ');
  say(
    `\nType a message and press Enter.${scenes.length > 1 ? ` ${names} switches the platform.` : ''} Ctrl+C ends it.\n`,
  );
  const leaving = new AbortController();
  const signal = AbortSignal.any([terminal.signal, leaving.signal]);
  const shown = scenes.map((scene) => show(scene, say, signal, { named: scenes.length > 1, people: !terminal.shows }));
  const prompt = createInterface({ input: terminal.input, signal: terminal.signal });
  try {
    for await (const typed of prompt) {
      const text = typed.trim();
      const named = scenes.find((scene) => text === `/${scene.platform}`);
      if (named) {
        here = named;
        say(`Now on ${named.stage.title}`);
      } else if (text !== '') {
        await here.stage.say(text);
      }
    }
    // Input from a file ends before the last answers have come.
    const patience = AbortSignal.any([terminal.signal, AbortSignal.timeout(ONCE_MS)]);
    await Promise.all(scenes.map(({ stage }) => answered(stage, patience)));
  } finally {
    prompt.close();
    leaving.abort();
    await Promise.all(shown);
  }
}

async function show(
  { platform, stage }: Scene,
  say: (line: string) => void,
  signal: AbortSignal,
  { named, people }: { named: boolean; people: boolean },
): Promise<void> {
  for (let seen = 0; ; ) {
    const lines = await stage.transcript();
    for (const line of lines.slice(seen)) {
      if (line.fromBot || people) say(`${named ? `[${platform}] ` : ''}${line.who}: ${line.text}`);
    }
    seen = lines.length;
    if (signal.aborted) return;
    await stage.changed(seen, signal);
  }
}
