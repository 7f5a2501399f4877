import { z } from '@hono/zod-openapi';
import type { ZodType } from 'zod';
import type { Connector } from '../core/connector.ts';
import { hookUrlShape } from './hook-url.ts';
import { changeOptionShape, createOptionShape, shownOptionShape } from './options.ts';

type Shape = Readonly<Record<string, ZodType>>;

export const integrationIdSchema = z
  .string()
  .regex(/^int_[0-9a-f]{12}$/)
  .openapi({ example: 'int_d8f2a1b3c4e5' });

/** Loose, for bodies: whatever is no id of the caller's is simply not found. */
export const replrIdField = z
  .string()
  .min(1)
  .max(256)
  .openapi({ description: 'ID of the REPLR.', example: 'rp_7k9m2x4v' });

const replrId = z
  .string()
  .regex(/^rp_[a-z0-9]{8}$/)
  .openapi({ example: 'rp_7k9m2x4v' });

const time = z.string().openapi({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
  description: 'ISO 8601, UTC, to the second.',
  example: '2026-03-09T18:22:00Z',
});

export const autoRespondField = z
  .boolean()
  .openapi({ description: 'Reply to every message when true; only when addressed when false.' });

const statusSchema = z
  .enum(['active', 'inactive', 'error'])
  .openapi({ description: '`inactive`: switched off by its owner. `error`: it needs its owner; see `health`.' });

const healthSchema = z
  .object({
    state: z.enum(['connecting', 'connected', 'reconnecting', 'error', 'paused']),
    code: z.string().optional().openapi({ description: 'Stable reason. Absent when all is well.' }),
    message: z.string().optional().openapi({ description: 'What is wrong and what to do about it.' }),
    fix_url: z.string().optional().openapi({ description: 'Where to do it.' }),
    since: time,
    transport: z.string().optional().openapi({ description: 'How messages arrive.' }),
  })
  .openapi('Health');

const noticeSchema = z
  .object({ code: z.string(), message: z.string(), fix_url: z.string().optional() })
  .openapi('Notice');

const count = z.number().int().openapi({ description: 'Messages exchanged, both ways.' });

function optional(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, schema.optional()]));
}

/** `A`, or any of several. */
function anyOf(schemas: readonly ZodType[]): ZodType {
  const [first, second, ...rest] = schemas;
  if (first === undefined) return z.object({});
  return second === undefined ? first : z.union([first, second, ...rest]);
}

function componentName(connector: Connector, what: string): string {
  return `${connector.title.replace(/[^A-Za-z0-9]/g, '')}${what}`;
}

/** How an integration looks, per platform; settings without a value are absent from an answer. */
export interface IntegrationSchemas {
  /** As a POST for this connector answers. */
  created(connector: Connector): ZodType;
  readonly listed: ZodType;
  readonly detail: ZodType;
  readonly update: ZodType;
}

export function integrationSchemas(connectors: Iterable<Connector>): IntegrationSchemas {
  const all = [...connectors];
  const created = new Map(all.map((connector) => [connector, listedSchema(connector)]));
  return {
    created: (connector) => created.get(connector) ?? listedSchema(connector),
    listed: anyOf([...created.values()]),
    detail: anyOf(all.map(detailSchema)),
    update: anyOf(all.map((connector) => updateSchema(connector).openapi(componentName(connector, 'Update')))),
  };
}

function listedSchema(connector: Connector): ZodType {
  return z
    .object({ ...head(connector), message_count: count, connected_at: time, ...optional(hookUrlShape(connector)) })
    .openapi(componentName(connector, 'Integration'));
}

function detailSchema(connector: Connector): ZodType {
  return z
    .object({
      ...head(connector),
      auto_respond: autoRespondField,
      ...shownOptionShape,
      message_count: count,
      connected_at: time,
      last_message_at: time.optional(),
      health: healthSchema,
      notices: z.array(noticeSchema).optional(),
      ...hookUrlShape(connector),
    })
    .openapi(componentName(connector, 'IntegrationDetail'));
}

function head(connector: Connector): Shape {
  return {
    id: integrationIdSchema,
    platform: z.literal(connector.platform),
    replr_id: replrId,
    status: statusSchema,
    ...optional(connector.settings.shape),
  };
}

/** The fields of a POST that are ours on every platform. */
export const connectSchema = z.object({
  replr_id: replrIdField,
  auto_respond: autoRespondField.optional(),
  ...createOptionShape,
});

/** The fields of a PUT that are ours on every platform. */
export const changeSchema = z.object({
  active: z.boolean().optional().openapi({ description: 'Enable or disable the integration.' }),
  auto_respond: autoRespondField.nullable().optional(),
  replr_id: replrIdField.optional(),
  ...changeOptionShape,
});

/** What the documentation shows of a POST; it is read part by part, so that a connector's own rules between fields hold. */
export function createSchema(connector: Connector): ZodType {
  const { replr_id, ...own } = connectSchema.shape;
  return z
    .object({ replr_id, ...secret(connector.credential.shape), ...connector.settings.shape, ...own })
    .openapi(componentName(connector, 'Connect'));
}

function updateSchema(connector: Connector) {
  const updatable = Object.entries(connector.settings.shape).filter(([name]) => connector.updatable.includes(name));
  return z.object({
    ...optional(removable(Object.fromEntries(updatable))),
    ...changeSchema.shape,
    ...optional(removable(secret(connector.credential.shape))),
  });
}

/** What need not be there can be taken away with `null`. */
function removable(shape: Shape): Shape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, schema.isOptional() ? schema.nullable() : schema]),
  );
}

/** Secrets are marked as what they are, also for forms that are drawn from the documentation. */
function secret(shape: Shape): Shape {
  const marked = Object.entries(shape).map(([name, schema]) => {
    const { description } = schema;
    return [
      name,
      schema.meta({ ...(description !== undefined && { description }), writeOnly: true, format: 'password' }),
    ];
  });
  return Object.fromEntries(marked);
}

export const integrationListSchema = (schemas: IntegrationSchemas) =>
  z.object({ data: z.array(schemas.listed), total: z.number().int() }).openapi('IntegrationList');

export const integrationDeletedSchema = z
  .object({ id: integrationIdSchema, deleted: z.literal(true) })
  .openapi('IntegrationDeleted');

export const integrationTestSchema = z
  .object({
    id: integrationIdSchema,
    platform: z.string(),
    status: statusSchema,
    test_result: z.object({
      success: z.boolean(),
      latency_ms: z.number().int(),
      message_id: z.string().optional().openapi({ description: 'Only on success.' }),
      channel_id: z.string().optional().openapi({ description: 'Where the message went. Only on success.' }),
      delivered_at: time.optional().openapi({ description: 'Only on success.' }),
      reason: z.string().optional().openapi({ description: 'Stable reason. Only on failure.' }),
      message: z.string().optional().openapi({ description: 'What to do about it. Only on failure.' }),
    }),
  })
  .openapi('IntegrationTest');

export const replrSchema = z
  .object({
    id: replrId,
    name: z.string(),
    instructions: z.string(),
    description: z.string().optional(),
    model: z.string(),
    avatar_url: z.string().optional(),
    greeting_message: z.string().optional(),
    created_at: time,
    updated_at: time,
  })
  .openapi('Replr');

export const replrListSchema = z.object({ data: z.array(replrSchema), total: z.number().int() }).openapi('ReplrList');

export const replrDeletedSchema = z.object({ id: replrId, deleted: z.literal(true) }).openapi('ReplrDeleted');
