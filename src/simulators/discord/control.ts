import { controlExchange } from '../shared/control-exchange.ts';
import type { DiscordControls } from './controls.ts';
import { operations, readable } from './operations.ts';
import { readBody } from './rest.ts';

export const serveControl = controlExchange<DiscordControls>({ operations, readable, readBody });
