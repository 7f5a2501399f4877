import type { PlatformPort, ReceiverPort, SharedLink } from '../../src/core/connector.ts';
import type { Addressee, Intake, Listener } from '../../src/core/hook.ts';

/** The bots that take part in shared links, as one node without a store holds them. */
export interface Party {
  /** As the bot is now. */
  listener(): Listener;
  take(intake: Intake): Promise<void>;
}

export function isConcerned({ bot }: Listener, to: Addressee): boolean {
  return 'identity' in to ? bot.identity === to.identity : bot.identity.startsWith(`${to.scope}/`);
}

/** `ReceiverPort.join` for one bot, whose links run at once. */
export function joinAlone(port: PlatformPort, { listener, take }: Party): ReceiverPort['join'] {
  return async (_name: string, link: SharedLink, told, signal) => {
    await link.run(
      {
        ...port,
        deliver: async (to, read) => {
          const present = listener();
          const intake = isConcerned(present, to) ? read(present) : undefined;
          if (intake) await take(intake);
        },
        report: told,
      },
      signal,
    );
    // One that has ended with an error is not run again, but who takes part stays until it leaves.
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  };
}
