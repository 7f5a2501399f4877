import { createHmac } from 'node:crypto';

/** `X-Slack-Signature` of a body sent at that second [S20]. */
export function sign(secret: string, timestamp: number | string, body: string | Buffer): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}
