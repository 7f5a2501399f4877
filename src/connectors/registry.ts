import type { Connector } from '../core/connector.ts';
import { discord } from './discord/connector.ts';
import { slack } from './slack/connector.ts';
import { telegram } from './telegram/connector.ts';

/** One line per platform. Routes, validation, OpenAPI and the runtime follow from it. */
export const connectors: readonly Connector[] = [discord, telegram, slack];

/** What no log line may hold. */
export const secretShapes: readonly RegExp[] = connectors.flatMap((connector) => connector.secretShapes);
