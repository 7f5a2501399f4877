import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apiUrlSetting, ConfigError, deploymentSettings, isLoopback, readConfig, settings } from './config.ts';
import { connectors } from './connectors/registry.ts';

const acme = { platform: 'acme', deploymentSecrets: ['app_token', 'signing_secret'] };
const read = (env: Record<string, string>) => readConfig(env, [acme, { platform: 'zeta' }]);

describe('readConfig', () => {
  it('needs nothing', () => {
    expect(read({})).toMatchObject({ host: '127.0.0.1', port: 3000, dataDir: './data', model: 'builtin/echo' });
    expect(read({ DATABASE_URL: '', PORT: ' ' })).toMatchObject({ databaseUrl: undefined, port: 3000 });
  });

  it('takes what is given', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const config = read({ PORT: '0', REPLR_SECRET_KEY: key, ACME_API_URL: 'http://127.0.0.1:8081/', HOST: '0.0.0.0' });
    expect(config).toMatchObject({ port: 0, host: '0.0.0.0', secretKey: Buffer.alloc(32, 7) });
    expect(config.apiUrls.get('acme')).toBe('http://127.0.0.1:8081');
  });

  it('takes what one user may do', () => {
    const { userLimits } = read({ REPLR_USER_TOKENS_PER_DAY: '5', REPLR_USER_CONCURRENT_TURNS: ' 1 ' });
    expect(userLimits).toEqual({ turnsPerMinute: 6_000, tokensPerDay: 5, concurrentTurns: 1 });
  });

  it('takes a public base, also below a path, without its trailing slash', () => {
    const publicUrl = (REPLR_PUBLIC_URL: string) => read({ REPLR_PUBLIC_URL }).publicUrl;
    expect(publicUrl('https://bots.example.com/')).toBe('https://bots.example.com');
    expect(publicUrl('https://example.com:8443/bots//')).toBe('https://example.com:8443/bots');
    expect(publicUrl('http://127.0.0.1:3000')).toBe('http://127.0.0.1:3000');
    expect(publicUrl('http://[::1]:3000')).toBe('http://[::1]:3000');
    expect(read({}).publicUrl).toBeUndefined();
  });

  it('takes the secrets of the deployment for the platforms that know them', () => {
    const { deployment } = read({ ACME_APP_TOKEN: ' xapp-1 ', ZETA_APP_TOKEN: 'x', ACME_SIGNING_SECRET: '' });
    expect(deployment).toEqual(new Map([['acme', { app_token: 'xapp-1' }]]));
    expect(read({}).deployment.size).toBe(0);
  });

  it.each([
    ['REPLR_PUBLIC_URL', 'bots.example.com'],
    ['REPLR_PUBLIC_URL', 'http://bots.example.com'],
    ['REPLR_PUBLIC_URL', 'http://127.0.0.1.example.com'],
    ['REPLR_PUBLIC_URL', 'ftp://127.0.0.1'],
    ['REPLR_PUBLIC_URL', 'https://example.com?'],
    ['REPLR_PUBLIC_URL', 'https://example.com/#x'],
    ['REPLR_PUBLIC_URL', 'https://me:canary@example.com'],
    ['ACME_APP_TOKEN', 'two words'],
    ['ACME_SIGNING_SECRET', 'x'.repeat(513)],
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['REPLR_SECRET_KEY', 'c2hvcnQ='],
    ['DATABASE_URL', 'mysql://x'],
    ['ACME_API_URL', 'ftp://x'],
    ['OPENAI_BASE_URL', 'not a url'],
    ['REPLR_API_KEY', 'hunter2'],
    ['REPLR_USER_TURNS_PER_MINUTE', '0'],
    ['REPLR_USER_TOKENS_PER_DAY', '1e6'],
    ['REPLR_USER_CONCURRENT_TURNS', '-1'],
    ['LOG_LEVEL', 'loud'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(ConfigError);
    expect(() => read({ [name]: value })).toThrow(name);
  });

  it('does not repeat a secret that it refuses', () => {
    for (const name of ['REPLR_SECRET_KEY', 'REPLR_API_KEY', 'DATABASE_URL', 'ACME_APP_TOKEN']) {
      expect(() => read({ [name]: 'canary canary' })).toThrow(/^(?!.*canary)/s);
    }
  });
});

it('knows which addresses only this machine can reach', () => {
  expect(['127.0.0.1', '127.9.9.9', 'localhost', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
});

it('the README tells of every setting, with its default', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const { name, fallback, doc } of settings) {
    expect(readme).toContain(`| \`${name}\` | ${fallback === '' ? '' : `${fallback} `}| ${doc} |`);
  }
  for (const connector of connectors) {
    expect(readme).toContain(`| \`${apiUrlSetting(connector.platform)}\` | ${connector.apiUrl} |`);
    for (const name of deploymentSettings(connector).values()) expect(readme).toContain(`| \`${name}\` | |`);
  }
});
