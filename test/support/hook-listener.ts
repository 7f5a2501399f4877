import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connector, ReceiverPort } from '../../src/core/connector.ts';
import type { HookRequest } from '../../src/core/hook.ts';
import type { Bot, Credential } from '../../src/core/integration.ts';

interface Served {
  readonly bot: Bot;
  readonly credential: Credential;
  readonly port: ReceiverPort;
}

/**
 * The part of the server that takes hooks, for tests of a connector alone: it leads what is POSTed to
 * `/hooks/<platform>/<bot id>` through `plausible`, `open` and `read` to the `accept` of the receiver that runs for that bot.
 */
export interface HookListener {
  /** The same connector; its receivers are served while they run. */
  readonly connector: Connector;
  /** For `PlatformPort.hooksUrl`. */
  readonly url: string;
  /** The status of each answer so far. */
  readonly answers: readonly number[];
  close(): Promise<void>;
}

export async function listenForHooks(connector: Connector): Promise<HookListener> {
  const { hook } = connector;
  if (!hook) throw new Error(`nothing is pushed by ${connector.platform}`);
  const prefix = `/hooks/${connector.platform}/`;
  const serving = new Map<string, Served>();
  const answers: number[] = [];

  const take = async (
    path: string,
    request: HookRequest,
  ): Promise<{ status: number; type?: string; body?: string }> => {
    const now = Date.now();
    if (!path.startsWith(prefix)) return { status: 404 };
    if (!hook.plausible(request, now)) return { status: 401 };
    const served = serving.get(path.slice(prefix.length));
    // Nobody owns the bot at the moment: the platform shall come again.
    if (!served) return { status: 503 };
    const { bot, credential, port } = served;
    const opened = hook.open(request, credential, now);
    if (opened.kind === 'refused') return { status: 401 };
    if (opened.kind === 'reply') return { status: 200, type: opened.contentType, body: opened.body };
    if (opened.kind === 'nothing') return { status: 200 };
    const intake = hook.read(opened.event, { bot, credential, routes: port.routes(), cursors: port.cursors }, now);
    if (intake?.moved) await port.moved(intake.moved.from, intake.moved.to);
    if (intake && (intake.messages.length > 0 || intake.cursors.length > 0)) {
      await port.accept(intake.messages, intake.cursors);
    }
    return { status: 200 };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const header = (name: string) => {
        const values = request.headersDistinct[name];
        return values?.length === 1 ? values[0] : undefined;
      };
      return await take(request.url ?? '/', { header, body });
    })()
      // It could not be stored.
      .catch(() => ({ status: 503 }))
      .then(({ status, type = 'text/plain', body = '' }: { status: number; type?: string; body?: string }) => {
        answers.push(status);
        response.writeHead(status, { 'content-type': type }).end(body);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks/${connector.platform}`,
    answers,
    connector: {
      ...connector,
      receiver: (bot, credential, receiverPort) => {
        const receiver = connector.receiver(bot, credential, receiverPort);
        const served = { bot, credential, port: receiverPort };
        return {
          run: async (signal) => {
            serving.set(bot.id, served);
            await receiver.run(signal).finally(() => {
              if (serving.get(bot.id) === served) serving.delete(bot.id);
            });
          },
        };
      },
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
