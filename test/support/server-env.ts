import { createServer } from 'node:net';
import { apiUrlSetting, type Environment } from '../../src/config.ts';
import type { PlatformDriver, World } from './driver.ts';
import type { StorePlace } from './stores.ts';

export const API_KEY = `sk_live_${'t'.repeat(32)}`;

/** Settings of a server on this store against this platform. Where the platform pushes, it must know the address beforehand. */
export async function serverEnv(driver: PlatformDriver, world: World, store: StorePlace): Promise<Environment> {
  const env = { ...store.env, REPLR_API_KEY: API_KEY, [apiUrlSetting(driver.platform)]: world.apiUrl };
  if (!driver.pushes) return env;
  const port = await freePort();
  return { ...env, PORT: String(port), REPLR_PUBLIC_URL: `http://127.0.0.1:${port}` };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}
