import { controlExchange } from '../shared/control-exchange.ts';
import type { SlackControls } from './controls.ts';
import { operations, readable } from './operations.ts';
import { readBody } from './web.ts';

export const serveControl = controlExchange<SlackControls>({ operations, readable, readBody });
