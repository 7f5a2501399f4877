import type { ZodType } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort } from '../core/connector.ts';
import type { Control } from '../core/control.ts';
import type { BotId, Ids, RequestId, UserId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/store.ts';
import type { ErrorCode } from './errors.ts';

/** What the API needs of the rest of the program, handed over in one place. */
export interface ApiDeps {
  readonly store: Store;
  readonly control: Control;
  /** By platform; a connector in here has its route, its validation and its documentation. */
  readonly connectors: ReadonlyMap<string, Connector>;
  platformPort(platform: string): PlatformPort;
  readonly models: {
    /** `null` when the model can be used, else what is wrong with it, for the field `model`. */
    check(model: string): string | null;
  };
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Requests per minute and key; 600 unless said. */
  readonly rateLimit?: { readonly perMinute: number };
  /** Public base URL of this server, for the documentation. */
  readonly publicUrl?: string;
  /** Beside the store: is everything up that is needed to serve? */
  readonly ready?: () => Promise<boolean>;
  /** The caller's network address, from what the HTTP server hands to `fetch` as `env`. */
  readonly clientAddress?: (env: unknown) => string;
  readonly metrics?: () => Promise<{ body: string; contentType: string }>;
}

/** One authenticated request, as an endpoint sees it. */
export interface Call {
  readonly userId: UserId;
  readonly requestId: RequestId;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON object that was sent, unchecked; empty for endpoints without a body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly log: Log;
}

export interface Answer {
  readonly status: 200 | 201;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One route under /v1: what it does and what the documentation says of it. */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly name: string;
  readonly tag: 'Integrations' | 'REPLRs';
  readonly summary: string;
  readonly description?: string;
  /** The body it reads; it checks the body against this itself. Absent: no body is read. */
  readonly body?: { readonly schema: ZodType; readonly optional?: boolean };
  readonly paged?: boolean;
  readonly success: { readonly status: 200 | 201; readonly schema: ZodType };
  /** Beside those that every endpoint can answer with. */
  readonly errors: readonly ErrorCode[];
  handle(call: Call): Promise<Answer>;
}

/**
 * Tells the running flow. The change is stored by now, and every node also looks by itself from time to time: so a
 * failure here delays it but does not undo it, and the request has succeeded.
 */
export async function tellControl(deps: ApiDeps, call: Call, bots: readonly BotId[]): Promise<void> {
  try {
    await deps.control.changed(bots);
  } catch (error) {
    call.log.error('change_not_applied_at_once', { bots, error });
  }
}
