import type { RequestId } from '../core/ids.ts';
import type { Caller } from './auth.ts';
import type { Usage } from './rate-limit.ts';

/** What is known of a request while it is served. */
export interface Env {
  Variables: {
    requestId: RequestId;
    /** What the log calls the route: never the path itself, whose ids say more than a log should. */
    route: string;
    usage: Usage;
    caller?: Caller;
  };
  Bindings: object;
}
