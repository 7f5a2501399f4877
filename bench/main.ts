import { ACK_OPTIONS, ack } from './ack/ack.ts';
import { IDLE_OPTIONS, idle } from './idle/idle.ts';
import { ISOLATION_OPTIONS, isolation } from './isolation/isolation.ts';
import { PATH_OPTIONS, path } from './path/path.ts';
import { RENDER_OPTIONS, render } from './render/render.ts';
import { SOAK_OPTIONS, soak } from './soak/soak.ts';

const USAGE = `Usage: npm run bench -- NAME [OPTIONS]

  path    what one answered message costs: CPU, and latency added to a bare getUpdates/sendMessage loop
${PATH_OPTIONS}

  idle    what one more idle Discord bot costs: resident memory, beside raw ws connections
${IDLE_OPTIONS}

  ack     how long a platform waits for its acknowledgement while every turn waits for the model
${ACK_OPTIONS}

  isolation  what the other 199 bots of a server notice when one of them is in trouble, by kind of trouble
${ISOLATION_OPTIONS}

  render  what it takes to make messages of an answer, and how long a hostile one keeps all else waiting
${RENDER_OPTIONS}

  soak    random troubles on three platforms for a long time: nothing is lost, memory and open files stay flat
${SOAK_OPTIONS}

Each prints a table and writes JSON to bench/results/.`;

/** Resolves whether the work was done: figures of less than that are worth nothing. */
const benches: Readonly<Record<string, (args: readonly string[], say: (line: string) => void) => Promise<boolean>>> = {
  path,
  idle,
  ack,
  isolation,
  render,
  soak,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!bench) {
  process.stdout.write(`${USAGE}\n`);
  process.exitCode = 2;
} else {
  try {
    const done = await bench(args, (line) => void process.stdout.write(`${line}\n`));
    process.exitCode = done ? 0 : 1;
  } catch (error) {
    const known = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${known ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.stack : error}\n`);
    process.exitCode = known ? 2 : 1;
  }
}
