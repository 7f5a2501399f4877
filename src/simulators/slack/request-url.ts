import type { Scene } from './scene.ts';
import { sign } from './signature.ts';
import type { App } from './world.ts';

export interface PushAnswer {
  readonly result: 'acked' | 'http_timeout' | 'http_error' | 'connection_failed' | 'too_many_redirects';
  /** 0 where none came. */
  readonly status: number;
  readonly noRetry: boolean;
  readonly text: string;
}

/** Headers of one signed request: what a test needs to forge or to repeat one. */
export function signedHeaders(scene: Scene, app: App, body: string): Record<string, string> {
  const timestamp = Math.floor((scene.settings.signNow?.() ?? scene.clock.now()) / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': sign(app.signingSecret, timestamp, body),
  };
}

/** One POST to an app's request URL, which has three seconds to answer [S1]. */
export async function pushRequest(
  scene: Scene,
  app: App,
  url: string,
  body: string,
  retry?: { readonly number: number; readonly reason: string },
): Promise<PushAnswer> {
  const late = new AbortController();
  const cancel = scene.clock.after(scene.settings.ackTime, () => late.abort());
  const headers = signedHeaders(scene, app, body);
  if (retry)
    Object.assign(headers, { 'x-slack-retry-num': String(retry.number), 'x-slack-retry-reason': retry.reason });
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, scene.ended.signal]),
    });
    const text = await response.text();
    const { status } = response;
    const noRetry = response.headers.get('x-slack-no-retry') === '1';
    const refused = status >= 300 && status < 400 ? 'too_many_redirects' : 'http_error';
    return { result: status >= 200 && status < 300 ? 'acked' : refused, status, noRetry, text };
  } catch {
    const result = late.signal.aborted ? 'http_timeout' : 'connection_failed';
    return { result, status: 0, noRetry: false, text: '' };
  } finally {
    cancel();
  }
}

/** The handshake when somebody enters the URL: 200 with the challenge, plain or as JSON [S1]. */
export async function verifyUrl(scene: Scene, app: App): Promise<boolean> {
  if (app.requestUrl === undefined) return false;
  const challenge = crypto.randomUUID().replaceAll('-', '');
  const body = JSON.stringify({ token: 'deprecated-verification-token', challenge, type: 'url_verification' });
  const { status, text } = await pushRequest(scene, app, app.requestUrl, body);
  if (status !== 200) return false;
  return text.trim() === challenge || text.includes(`"challenge":"${challenge}"`) || text === `challenge=${challenge}`;
}
