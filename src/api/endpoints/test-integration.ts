import { z } from '@hono/zod-openapi';
import type { TestResult } from '../../core/control.ts';
import { statusOf } from '../../core/integration.ts';
import { newestCredential } from '../credential.ts';
import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { ApiError, notFound } from '../errors.ts';
import { readFields } from '../fields.ts';
import { integrationIdOf } from '../path-ids.ts';
import { timestamp } from '../present.ts';
import { createWindows } from '../rate-limit.ts';
import { integrationTestSchema } from '../schemas.ts';

/** Per integration and minute. Each one is a message that people see. */
const MAX_TESTS = 10;

const noFields = z.object({});

export function testIntegration(deps: ApiDeps): Endpoint {
  const tests = createWindows(MAX_TESTS, deps.clock);
  return {
    method: 'post',
    path: '/v1/integrations/{id}/test',
    name: 'testIntegration',
    tag: 'Integrations',
    summary: 'Send a test message to verify the integration connection.',
    description:
      'Answers 200 also when the message could not be delivered: `test_result` says so, and why. A paused integration can be tested too: it is you who speaks.',
    body: { schema: noFields, optional: true },
    success: { status: 200, schema: integrationTestSchema },
    errors: ['bad_request', 'validation_error', 'not_found', 'conflict', 'unprocessable_entity'],
    handle: async (call) => {
      readFields(call.body, noFields);
      const id = integrationIdOf(call);
      const integration = await deps.store.getIntegration(call.userId, id);
      const credential = integration && (await newestCredential(deps, call, integration));
      if (!integration || !credential) throw notFound('Integration');
      const usage = tests.take(id);
      if (!usage.allowed) {
        throw new ApiError('rate_limit_exceeded', `At most ${MAX_TESTS} tests a minute for one integration.`, {
          details: { reason: 'too_many_tests' },
          retryAfter: usage.retryAfter,
        });
      }
      const result = await deps.control.test(integration, credential);
      const { platform } = integration;
      return { status: 200, body: { id, platform, status: statusOf(integration), test_result: present(result) } };
    },
  };
}

function present(result: TestResult): Record<string, unknown> {
  const latency_ms = Math.max(0, Math.round(result.latencyMs));
  if (!result.success) return { success: false, latency_ms, reason: result.reason, message: result.message };
  return {
    success: true,
    latency_ms,
    message_id: result.messageId,
    channel_id: result.channelId,
    delivered_at: timestamp(result.deliveredAt),
  };
}
