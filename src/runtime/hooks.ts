import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort } from '../core/connector.ts';
import type { Control, HookAnswer } from '../core/control.ts';
import type { Addressee, Hook, HookRequest, Listener } from '../core/hook.ts';
import type { BotId } from '../core/ids.ts';
import type { Credential } from '../core/integration.ts';
import type { Router } from './router.ts';

export interface HooksDeps {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly portFor: (platform: string) => PlatformPort;
  readonly router: Router;
  readonly clock: Clock;
}

const UNKNOWN: HookAnswer = { kind: 'unknown' };
const REFUSED: HookAnswer = { kind: 'refused' };
const ACCEPTED: HookAnswer = { kind: 'accepted' };

/** From the cheapest check to the dearest, so that a stranger costs little; nothing is parsed before it is believed. */
export function createHooks({ connectors, portFor, router, clock }: HooksDeps): Control['hook'] {
  async function ofBot(platform: string, hook: Hook, botId: BotId, request: HookRequest): Promise<HookAnswer> {
    const [listener] = await router.find({ botId });
    if (listener?.bot.platform !== platform) return UNKNOWN;
    return opened(hook, request, listener.credential, async (event, to) => {
      const read = (other: Listener) => hook.read(event, other, clock.now());
      if (to === undefined || concerns(to, listener)) return router.deliver({ botId }, read);
      // One app in several workspaces has one hook. Whoever signed speaks only for bots whose own secrets say so too:
      // else the owner of one app could put words into the mouths of another's people.
      return router.deliver({ platform, ...to }, (other) =>
        genuine(hook, request, other.credential) ? read(other) : undefined,
      );
    });
  }

  async function ofDeployment(platform: string, hook: Hook, request: HookRequest): Promise<HookAnswer> {
    const secrets = portFor(platform).deployment;
    if (!secrets || Object.keys(secrets).length === 0) return UNKNOWN;
    return opened(hook, request, secrets, async (event, to) => {
      if (to) await router.deliver({ platform, ...to }, (listener) => hook.read(event, listener, clock.now()));
    });
  }

  /** Believes a request by these secrets, and hands on the event that it may hold. */
  async function opened(
    hook: Hook,
    request: HookRequest,
    secrets: Credential,
    deliver: (event: unknown, to: Addressee | undefined) => Promise<void>,
  ): Promise<HookAnswer> {
    const reading = hook.open(request, secrets, clock.now());
    if (reading.kind === 'refused') return REFUSED;
    if (reading.kind === 'reply') return reading;
    if (reading.kind === 'event') await deliver(reading.event, reading.to);
    return ACCEPTED;
  }

  const genuine = (hook: Hook, request: HookRequest, secrets: Credential) =>
    hook.open(request, secrets, clock.now()).kind === 'event';

  return async (platform, botId, request) => {
    const hook = connectors.get(platform)?.hook;
    if (!hook) return UNKNOWN;
    if (!hook.plausible(request, clock.now())) return REFUSED;
    return botId === undefined ? ofDeployment(platform, hook, request) : ofBot(platform, hook, botId, request);
  };
}

function concerns(to: Addressee, { bot }: Listener): boolean {
  return 'identity' in to ? to.identity === bot.identity : bot.identity.startsWith(`${to.scope}/`);
}
