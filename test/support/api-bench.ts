import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashApiKey } from '../../src/api/auth.ts';
import type { ApiDeps } from '../../src/api/endpoint.ts';
import { type Api, createApi } from '../../src/api/server.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { Control, HookAnswer, TestResult } from '../../src/core/control.ts';
import type { HookRequest } from '../../src/core/hook.ts';
import { type BotId, createIds, type UserId } from '../../src/core/ids.ts';
import { type Log, type LogFields, silentLog } from '../../src/core/log.ts';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/store.ts';
import { type FakePlatform, fakePlatform } from './fake-platform.ts';
import { type StillClock, stillClock } from './still-clock.ts';

export interface Tenant {
  readonly userId: UserId;
  readonly key: string;
  readonly replrId: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what came, whatever it is
  readonly json: any;
}

export interface ApiBench {
  readonly api: Api;
  readonly store: Store;
  readonly clock: StillClock;
  readonly platform: FakePlatform;
  /** The bots of each call of `control.changed`. */
  readonly changed: (readonly BotId[])[];
  /** What was handed to `control.hook`. */
  readonly hooked: { platform: string; botId: BotId | undefined; request: HookRequest }[];
  /** What `control.hook` answers. */
  hookAnswer: () => Promise<HookAnswer>;
  readonly logged: { event: string; fields: LogFields }[];
  testResult: TestResult;
  tenant(name: string): Promise<Tenant>;
  /** Without a key, unless a header says one. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  close(): Promise<void>;
}

export interface BenchOptions extends Partial<Pick<ApiDeps, 'rateLimit' | 'ready' | 'metrics' | 'clock'>> {
  readonly connectors?: readonly Connector[];
}

/** The API over a real store in a directory of its own, with a fake platform, clock and flow. */
export async function apiBench({ connectors = [], ...options }: BenchOptions = {}): Promise<ApiBench> {
  const clock = stillClock();
  const ids = createIds(randomBytes);
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-api-'));
  const store = await openStore({
    dataDir,
    secretKey: new Uint8Array(randomBytes(32)),
    clock,
    random: randomBytes,
    log: silentLog,
  });
  const platform = fakePlatform();
  const logged: { event: string; fields: LogFields }[] = [];
  const log = recordingLog(logged);
  const control: Control = {
    changed: async (bots) => {
      bench.changed.push(bots);
    },
    hook: (platform, botId, request) => {
      bench.hooked.push({ platform, botId, request });
      return bench.hookAnswer();
    },
    test: async () => bench.testResult,
  };
  const api = createApi({
    store,
    control,
    connectors: new Map([platform.connector, ...connectors].map((each) => [each.platform, each])),
    platformPort: () => ({ apiUrl: 'http://acme.invalid', fetch, clock, random: Math.random, log: silentLog }),
    models: { check: (model) => (model === 'default' || model.startsWith('builtin/') ? null : 'No such model.') },
    ids,
    clock,
    log,
    version: '1.2.3',
    clientAddress: (env) => (env as { address?: string }).address ?? '192.0.2.1',
    ...options,
  });
  const call: ApiBench['call'] = async (method, path, body, headers = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const { address, ...rest } = headers;
    const request = new Request(`http://replr.test${path}`, {
      method,
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...rest },
      ...(text !== undefined && { body: text }),
    });
    const response = await api.fetch(request, { address });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, text: answer, json: parsed(answer) };
  };
  const bench: ApiBench = {
    ...{ api, store, clock, platform, logged, call },
    changed: [],
    hooked: [],
    hookAnswer: async () => ({ kind: 'accepted' }),
    testResult: { success: true, latencyMs: 141.6, messageId: '99', channelId: 'C1', deliveredAt: clock.now() },
    tenant: async (name) => {
      const userId = await store.ensureUser(ids.user(), name, clock.now());
      const key = `sk_live_${randomBytes(24).toString('base64url')}`;
      await store.createApiKey({ id: ids.apiKey(), userId, hash: hashApiKey(key), at: clock.now() });
      const own: Tenant['call'] = (method, path, body, headers) =>
        call(method, path, body, { authorization: `Bearer ${key}`, ...headers });
      const { json } = await own('POST', '/v1/replrs', { name: 'Ada', instructions: 'Be kind.' });
      return { userId, key, replrId: json.id, call: own };
    },
    close: async () => {
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return bench;
}

function recordingLog(logged: { event: string; fields: LogFields }[], base: LogFields = {}): Log {
  const write = (event: string, fields: LogFields = {}) => void logged.push({ event, fields: { ...base, ...fields } });
  const child = (fields: LogFields) => recordingLog(logged, { ...base, ...fields });
  return { debug: write, info: write, warn: write, error: write, child };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A body that connects the fake platform. */
export function connectBody(tenant: Tenant, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { replr_id: tenant.replrId, bot_token: 'ok-1', room_id: '1098', channel_ids: ['C1', 'C2'], ...fields };
}
