import type { Connector } from './core/connector.ts';
import type { Credential } from './core/integration.ts';
import { defaultUserLimits, type UserLimits } from './core/options.ts';

/** One environment variable: its name, its default as a person would read it, one line of doc. The README's table is checked against these. */
export interface Setting {
  readonly name: string;
  readonly fallback: string;
  readonly doc: string;
}

export const settings: readonly Setting[] = [
  { name: 'HOST', fallback: '127.0.0.1', doc: 'Address to listen on.' },
  { name: 'PORT', fallback: '3000', doc: 'Port to listen on; 0 takes a free one.' },
  {
    name: 'REPLR_PUBLIC_URL',
    fallback: '',
    doc: 'Where platforms reach this server from outside: `https://…`. Then they may push what happens to `/hooks/…`.',
  },
  { name: 'REPLR_DATA_DIR', fallback: './data', doc: 'Folder of the SQLite file and of a generated key.' },
  { name: 'DATABASE_URL', fallback: '', doc: 'PostgreSQL (15 or later) instead of SQLite.' },
  {
    name: 'REPLR_SECRET_KEY',
    fallback: '',
    doc: '32 bytes in base64, seals secrets at rest. On SQLite and a loopback `HOST` one is generated; otherwise required.',
  },
  {
    name: 'REPLR_API_KEY',
    fallback: '',
    doc: "The first user's API key. If unset, one is made and shown once at first start.",
  },
  {
    name: 'REPLR_MODEL',
    fallback: 'builtin/echo',
    doc: 'What the model `default` means, as `provider/model`: `openai/…`, `anthropic/…`, `google/…`, `ollama/…`.',
  },
  {
    name: 'REPLR_FALLBACK_MODEL',
    fallback: '',
    doc: 'Is asked once when the model of a REPLR brings no answer; written as `REPLR_MODEL`.',
  },
  { name: 'OPENAI_BASE_URL', fallback: '', doc: 'An OpenAI-compatible API instead of OpenAI itself.' },
  { name: 'OPENAI_API_KEY', fallback: '', doc: 'Key for `openai/…`.' },
  { name: 'ANTHROPIC_API_KEY', fallback: '', doc: 'Key for `anthropic/…`.' },
  { name: 'GOOGLE_GENERATIVE_AI_API_KEY', fallback: '', doc: 'Key for `google/…`.' },
  { name: 'OLLAMA_BASE_URL', fallback: '', doc: 'Ollama for `ollama/…`, for example http://127.0.0.1:11434.' },
  {
    name: 'REPLR_USER_TURNS_PER_MINUTE',
    fallback: `${defaultUserLimits.turnsPerMinute}`,
    doc: "So many messages a minute are answered for all of one user's integrations together.",
  },
  {
    name: 'REPLR_USER_TOKENS_PER_DAY',
    fallback: `${defaultUserLimits.tokensPerDay}`,
    doc: 'So many tokens they may use from midnight to midnight UTC.',
  },
  {
    name: 'REPLR_USER_CONCURRENT_TURNS',
    fallback: `${defaultUserLimits.concurrentTurns}`,
    doc: 'So many of their messages are answered at the same time; further ones wait.',
  },
  { name: 'LOG_LEVEL', fallback: 'info', doc: '`debug`, `info`, `warn`, `error` or `silent`.' },
];

/** The setting that overrides where a platform's API is: `TELEGRAM_API_URL` and its like. */
export const apiUrlSetting = (platform: string): string => `${platform.toUpperCase()}_API_URL`;

/** What of a connector has settings of its own. */
export type Configured = Pick<Connector, 'platform' | 'deploymentSecrets'>;

/** The settings that hold a platform's secrets for all bots of the deployment, by field: `ACME_APP_TOKEN`. */
export function deploymentSettings({ platform, deploymentSecrets = [] }: Configured): ReadonlyMap<string, string> {
  return new Map(deploymentSecrets.map((field) => [field, `${platform}_${field}`.toUpperCase()]));
}

export interface Config {
  readonly host: string;
  readonly port: number;
  /** No trailing slash. */
  readonly publicUrl: string | undefined;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly secretKey: Uint8Array | undefined;
  readonly apiKey: string | undefined;
  readonly model: string;
  readonly fallbackModel: string | undefined;
  readonly openaiBaseUrl: string | undefined;
  readonly openaiApiKey: string | undefined;
  readonly anthropicApiKey: string | undefined;
  readonly googleApiKey: string | undefined;
  readonly ollamaBaseUrl: string | undefined;
  /** What one user's integrations may do together. */
  readonly userLimits: UserLimits;
  readonly logLevel: LogLevel;
  /** Overridden platform bases by platform name, no trailing slash. */
  readonly apiUrls: ReadonlyMap<string, string>;
  /** The deployment's own secrets by platform name; only platforms that have any. */
  readonly deployment: ReadonlyMap<string, Credential>;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A setting that cannot be used; the message is for the person who starts the server and never holds a secret. */
export class ConfigError extends Error {}

export type Environment = Readonly<Record<string, string | undefined>>;

/** All settings, parsed once. An empty variable counts as unset. */
export function readConfig(env: Environment, platforms: readonly Configured[]): Config {
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  const known = (name: string): string =>
    text(name) ?? settings.find((setting) => setting.name === name)?.fallback ?? '';
  const apiUrls = new Map<string, string>();
  const deployment = new Map<string, Credential>();
  for (const configured of platforms) {
    const { platform } = configured;
    const url = baseUrl(apiUrlSetting(platform), text(apiUrlSetting(platform)));
    if (url) apiUrls.set(platform, url);
    const secrets = [...deploymentSettings(configured)].flatMap(([field, name]) => {
      const secret = deploymentSecret(name, text(name));
      return secret === undefined ? [] : [[field, secret] as const];
    });
    if (secrets.length > 0) deployment.set(platform, Object.fromEntries(secrets));
  }
  return Object.freeze({
    host: known('HOST'),
    port: port(known('PORT')),
    publicUrl: publicUrl(text('REPLR_PUBLIC_URL')),
    dataDir: known('REPLR_DATA_DIR'),
    databaseUrl: databaseUrl(text('DATABASE_URL')),
    secretKey: secretKey(text('REPLR_SECRET_KEY')),
    apiKey: apiKey(text('REPLR_API_KEY')),
    model: known('REPLR_MODEL'),
    fallbackModel: text('REPLR_FALLBACK_MODEL'),
    openaiBaseUrl: baseUrl('OPENAI_BASE_URL', text('OPENAI_BASE_URL')),
    openaiApiKey: text('OPENAI_API_KEY'),
    anthropicApiKey: text('ANTHROPIC_API_KEY'),
    googleApiKey: text('GOOGLE_GENERATIVE_AI_API_KEY'),
    ollamaBaseUrl: baseUrl('OLLAMA_BASE_URL', text('OLLAMA_BASE_URL')),
    userLimits: {
      turnsPerMinute: limit('REPLR_USER_TURNS_PER_MINUTE', known),
      tokensPerDay: limit('REPLR_USER_TOKENS_PER_DAY', known),
      concurrentTurns: limit('REPLR_USER_CONCURRENT_TURNS', known),
    },
    logLevel: logLevel(known('LOG_LEVEL')),
    apiUrls,
    deployment,
  });
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new ConfigError(`PORT must be 0 to 65535, not "${value}"`);
  return number;
}

function limit(name: string, known: (name: string) => string): number {
  const value = known(name);
  if (!/^[1-9]\d{0,12}$/.test(value)) throw new ConfigError(`${name} must be a whole number from 1, not "${value}"`);
  return Number(value);
}

function baseUrl(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new ConfigError(`${name} must be an http(s) URL`);
  }
  return value.replace(/\/+$/, '');
}

/** Platforms send to nothing but https; only on this machine may it be less. */
function publicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !safe || /[?#]/.test(value) || url.username !== '' || url.password !== '') {
    throw new ConfigError('REPLR_PUBLIC_URL must be an https URL without query, fragment or password');
  }
  return url.href.replace(/\/+$/, '');
}

/** It goes into headers and signatures; what is no token at all was set by mistake. */
function deploymentSecret(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[!-~]{1,512}$/.test(value)) {
    throw new ConfigError(`${name} must be 1 to 512 visible ASCII characters`);
  }
  return value;
}

function databaseUrl(value: string | undefined): string | undefined {
  if (value !== undefined && !/^postgres(ql)?:\/\//.test(value)) {
    throw new ConfigError('DATABASE_URL must begin with postgres:// (leave it unset to use SQLite)');
  }
  return value;
}

function secretKey(value: string | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const key = Buffer.from(value, 'base64');
  if (key.length !== 32) {
    throw new ConfigError('REPLR_SECRET_KEY must be 32 bytes in base64; make one with: openssl rand -base64 32');
  }
  return key;
}

function apiKey(value: string | undefined): string | undefined {
  if (value !== undefined && !/^sk_live_[A-Za-z0-9_-]{16,200}$/.test(value)) {
    throw new ConfigError('REPLR_API_KEY must be sk_live_ followed by 16 to 200 letters, digits, - or _');
  }
  return value;
}

function logLevel(value: string): LogLevel {
  const level = logLevels.find((name) => name === value);
  if (!level) throw new ConfigError(`LOG_LEVEL must be one of ${logLevels.join(', ')}`);
  return level;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
