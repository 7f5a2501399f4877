import type { TestProject } from 'vitest/node';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { createDatabase, startPostgres } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a PostgreSQL server; make a database on it with `createDatabase(url, inject('template'))`. */
    postgres: string;
    /** Name of a database that is migrated already. */
    template: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  try {
    const { url } = await createDatabase(server.url);
    const engine = await openPostgres(
      { databaseUrl: url },
      { clock: systemClock, random: (count) => new Uint8Array(count), log: silentLog },
    );
    await engine.close();
    project.provide('postgres', server.url);
    project.provide('template', new URL(url).pathname.slice(1));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return () => server.stop();
}
