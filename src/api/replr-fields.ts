import { z } from '@hono/zod-openapi';
import type { ReplrFields } from '../core/integration-store.ts';
import type { ApiDeps, Call } from './endpoint.ts';
import { fieldReader, pick } from './fields.ts';

/** Generous, and with every other field still far below the cap on a whole body. */
const MAX_INSTRUCTIONS = 32_000;
const MAX_PROSE = 4_000;

/** `null` takes the value away. */
const prose = z.string().max(MAX_PROSE).nullable().optional();

const name = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^\P{Cc}+$/u, 'Must not contain control characters.');

const instructions = z
  .string()
  .min(1)
  .max(MAX_INSTRUCTIONS)
  .refine((text) => text.trim() !== '', 'Must not be blank.')
  .openapi({ description: 'Who the REPLR is and how it speaks.' });

const model = z.string().min(1).max(256).openapi({ description: '`default`, or `provider/model`.' });

const avatarUrl = z
  .string()
  .max(2048)
  .refine(isWebUrl, 'Must be an http or https URL.')
  .nullable()
  .optional()
  .openapi({ format: 'uri' });

export const replrCreateSchema = z
  .object({
    name,
    instructions,
    description: prose,
    model: model.default('default'),
    avatar_url: avatarUrl,
    greeting_message: prose,
  })
  .openapi('ReplrCreate');

export const replrUpdateSchema = z
  .object({
    name: name.optional(),
    instructions: instructions.optional(),
    description: prose,
    model: model.optional(),
    avatar_url: avatarUrl,
    greeting_message: prose,
  })
  .openapi('ReplrUpdate');

export function readReplrCreate(deps: ApiDeps, { body }: Call): ReplrFields {
  const fields = read(deps, body, replrCreateSchema);
  return {
    name: fields.name,
    instructions: fields.instructions,
    description: fields.description || null,
    model: fields.model,
    avatarUrl: fields.avatar_url || null,
    greetingMessage: fields.greeting_message || null,
  };
}

/** Only what was sent. */
export function readReplrUpdate(deps: ApiDeps, { body }: Call): Partial<ReplrFields> {
  const fields = read(deps, body, replrUpdateSchema);
  return {
    ...(fields.name !== undefined && { name: fields.name }),
    ...(fields.instructions !== undefined && { instructions: fields.instructions }),
    ...(fields.description !== undefined && { description: fields.description || null }),
    ...(fields.model !== undefined && { model: fields.model }),
    ...(fields.avatar_url !== undefined && { avatarUrl: fields.avatar_url || null }),
    ...(fields.greeting_message !== undefined && { greetingMessage: fields.greeting_message || null }),
  };
}

function read<S extends typeof replrCreateSchema | typeof replrUpdateSchema>(
  deps: ApiDeps,
  body: Call['body'],
  schema: S,
): z.output<S> {
  const names = Object.keys(schema.shape);
  const reader = fieldReader(body, names);
  const fields = reader.part(schema, pick(body, names));
  const objection = fields?.model === undefined ? null : deps.models.check(fields.model);
  if (objection !== null) reader.wrong('model', objection);
  reader.done();
  return fields as z.output<S>;
}

/** Shown by clients, never fetched by us. */
function isWebUrl(text: string): boolean {
  return text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));
}
