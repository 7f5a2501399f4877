import type { HookRequest } from './hook.ts';
import type { BotId } from './ids.ts';
import type { Credential, Integration } from './integration.ts';

/** What the API may ask of the running flow. */
export interface Control {
  /** Stored facts about these bots changed. Resolves when this node acts on them; other nodes follow by themselves. */
  changed(bots: readonly BotId[]): Promise<void>;
  /**
   * Something was POSTed to `/hooks/<platform>/<botId>`, or to `/hooks/<platform>` when there is no id. Resolves with the
   * answer once what it brought is stored. Rejects when it could not be: then the platform must hear that it failed.
   */
  hook(platform: string, botId: BotId | undefined, request: HookRequest): Promise<HookAnswer>;
  /** Sends a test message on a lane of its own. Resolves within `TEST_DEADLINE_MS`. */
  test(integration: Integration, credential: Credential): Promise<TestResult>;
}

export type HookAnswer =
  /** `unknown` where there is no such hook; `refused` where the request is not the platform's. They must look alike to a stranger. */
  | { readonly kind: 'accepted' | 'refused' | 'unknown' }
  | { readonly kind: 'reply'; readonly contentType: string; readonly body: string };

/** Somebody waits for it in front of a screen, ms. */
export const TEST_DEADLINE_MS = 10_000;

export type TestResult =
  | {
      readonly success: true;
      readonly latencyMs: number;
      readonly messageId: string;
      /** The channel it went to: some platforms number messages per channel. */
      readonly channelId: string;
      readonly deliveredAt: number;
    }
  | { readonly success: false; readonly latencyMs: number; readonly reason: string; readonly message: string };
