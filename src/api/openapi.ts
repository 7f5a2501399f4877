import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { ApiDeps, Endpoint } from './endpoint.ts';
import { type ErrorCode, errorCodes } from './errors.ts';
import { pageQuerySchema } from './page.ts';
import { integrationIdSchema, replrIdField } from './schemas.ts';

const EVERY_ENDPOINT: readonly ErrorCode[] = [
  'unauthorized',
  'rate_limit_exceeded',
  'internal_error',
  'service_unavailable',
];

const errorSchema = z
  .object({
    error: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]).openapi({ description: 'Stable code.' }),
    message: z.string().openapi({ description: 'For people; may change.' }),
    details: z.record(z.string(), z.unknown()),
    retry_after: z.number().int().optional().openapi({ description: 'Seconds.' }),
    request_id: z.string().openapi({ example: 'req_0f1e2d3c4b5a69788796a5b4' }),
  })
  .openapi('Error');

const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .openapi({ description: 'Repeats of a request with the same key are answered with the first answer.' });

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

/** OpenAPI 3.1, made of the schemas that bodies are read with. The same input gives the same bytes. */
export function openApiDocument(deps: ApiDeps, endpoints: readonly Endpoint[]): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `sk_live_…`.',
  });
  for (const endpoint of endpoints) app.openAPIRegistry.registerPath(route(endpoint));
  for (const one of publicRoutes(deps)) app.openAPIRegistry.registerPath(one);
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Integrations API',
      version: deps.version,
      description: `Connect your REPLRs to ${[...deps.connectors.values()].map(({ title }) => title).join(', ')}.`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    ...(deps.publicUrl !== undefined && { servers: [{ url: deps.publicUrl }] }),
    tags: [{ name: 'Integrations' }, { name: 'REPLRs' }, { name: 'Operation' }],
  });
}

function route(endpoint: Endpoint): RouteConfig {
  const { method, path, name, tag, summary, description, body, paged, success } = endpoint;
  const id = path.startsWith('/v1/replrs') ? replrIdField : integrationIdSchema;
  return {
    method,
    path,
    operationId: name,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: [{ bearer: [] }],
    request: {
      ...(path.includes('{id}') && { params: z.object({ id }) }),
      ...(paged && { query: pageQuerySchema }),
      ...(method === 'post' && { headers: z.object({ 'Idempotency-Key': idempotencyKey }) }),
      ...(body && { body: { required: body.optional !== true, content: json(body.schema) } }),
    },
    responses: {
      [success.status]: { description: 'Done.', content: json(success.schema) },
      ...errorResponses([...endpoint.errors, ...(body ? (['payload_too_large'] as const) : []), ...EVERY_ENDPOINT]),
    },
  };
}

/** One entry per status; several codes can share one. */
function errorResponses(codes: readonly ErrorCode[]): RouteConfig['responses'] {
  const texts = new Map<number, string[]>();
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    if (!codes.includes(code)) continue;
    const { status, meaning } = errorCodes[code];
    texts.set(status, [...(texts.get(status) ?? []), `\`${code}\`: ${meaning}`]);
  }
  return Object.fromEntries(
    [...texts].map(([status, lines]) => [status, { description: lines.join('\n'), content: json(errorSchema) }]),
  );
}

/** No key is needed for these. */
function publicRoutes({ metrics }: ApiDeps): RouteConfig[] {
  const status = (value: string) => json(z.object({ status: z.literal(value) }));
  const open = { method: 'get' as const, tags: ['Operation'], security: [] };
  return [
    {
      ...open,
      path: '/healthz',
      operationId: 'liveness',
      summary: 'Is the process alive?',
      responses: { 200: { description: 'It is.', content: status('ok') } },
    },
    {
      ...open,
      path: '/readyz',
      operationId: 'readiness',
      summary: 'Can it serve?',
      responses: {
        200: { description: 'It can.', content: status('ready') },
        ...errorResponses(['service_unavailable']),
      },
    },
    ...(metrics
      ? [
          {
            ...open,
            path: '/metrics',
            operationId: 'metrics',
            summary: 'Figures for Prometheus.',
            responses: { 200: { description: 'Text format.', content: { 'text/plain': { schema: z.string() } } } },
          },
        ]
      : []),
    {
      ...open,
      path: '/openapi.json',
      operationId: 'openapi',
      summary: 'This document.',
      responses: { 200: { description: 'OpenAPI 3.1.', content: json(z.record(z.string(), z.unknown())) } },
    },
  ];
}
