import type { Connector } from '../core/connector.ts';
import type { Intake, Listener, Target } from '../core/hook.ts';
import type { Store } from '../core/store.ts';
import { FencedError, type Inbox } from './inbox.ts';
import { moveOf } from './moves.ts';
import type { Session } from './session.ts';
import type { Supervisor } from './supervisor.ts';

export interface RouterDeps {
  readonly store: Store;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly supervisor: Supervisor;
  readonly inbox: Inbox;
}

export type Read = (listener: Listener) => Intake | undefined;

/** Takes what did not come through a bot's own link (a hook, a shared link) to the bots it concerns, whoever owns them. */
export interface Router {
  /** Resolves when all of it is stored; rejects when some of it could not be. */
  deliver(target: Target, read: Read): Promise<void>;
  /** The bot as this node holds it, else as the store has it. */
  find(target: Target): Promise<readonly Listener[]>;
}

export function createRouter({ store, connectors, supervisor, inbox }: RouterDeps): Router {
  const held = (target: Target): Session | undefined => {
    if ('botId' in target) return supervisor.session(target.botId);
    return 'identity' in target ? supervisor.named(target.platform, target.identity) : undefined;
  };
  const listenerOf = (session: Session): Listener => ({
    bot: session.bot,
    credential: session.owned.credential,
    routes: session.owned.routes.map(({ integration }) => integration),
    cursors: supervisor.cursors(session),
  });

  async function take(session: Session, intake: Intake): Promise<void> {
    const { messages, cursors, moved, revoked } = intake;
    if (moved) await supervisor.moved(session, moved.from, moved.to);
    await inbox.accept(session, messages, cursors);
    supervisor.moveCursors(session, cursors);
    if (revoked) supervisor.refused(session, session.sender);
  }

  /** The owner sees what was stored at its next look; that a credential is dead it hears at its next call. */
  async function forward(listener: Listener, { messages, cursors, moved }: Intake): Promise<void> {
    const { bot, routes } = listener;
    const connector = connectors.get(bot.platform);
    if (!connector) throw new Error(`no connector for ${bot.platform}`);
    if (moved) {
      const here = { id: bot.id, epoch: null, integrations: routes };
      await store.moveChannel(moveOf(connector, here, moved.from, moved.to));
    }
    await inbox.forward(connector, listener, messages, cursors);
  }

  async function give(listener: Listener, session: Session | undefined, read: Read): Promise<void> {
    const intake = read(session ? listenerOf(session) : listener);
    if (!intake) return;
    if (!session) return forward(listener, intake);
    try {
      await take(session, intake);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      // Another node has taken the bot over since we looked.
      supervisor.drop(session);
      await forward(listener, intake);
    }
  }

  const find = async (target: Target): Promise<readonly Listener[]> => {
    const session = held(target);
    return session ? [listenerOf(session)] : await store.findListeners(target);
  };

  return {
    find,
    async deliver(target, read) {
      const listeners = await find(target);
      const given = await Promise.allSettled(
        listeners.map((listener) => give(listener, supervisor.session(listener.bot.id), read)),
      );
      for (const one of given) if (one.status === 'rejected') throw one.reason;
    },
  };
}
