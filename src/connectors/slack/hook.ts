import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Hook, HookReading, HookRequest, Intake, Listener } from '../../core/hook.ts';
import type { Credential } from '../../core/integration.ts';
import { addresseeOf, eventIntake } from './events.ts';
import { knownName } from './names.ts';
import { CURSOR } from './places.ts';
import { isObject, parseJson, type WireOuter } from './wire.ts';

/** Older and younger requests are replays, or made with a wrong clock [S20]. */
const WINDOW_MS = 300_000;
/** One write a minute is enough to know that events arrive. */
const PROOF_EVERY_MS = 60_000;
const MAX_CHALLENGE = 500;

/** A genuine event, and which secret it was signed with. */
interface SignedEvent {
  readonly outer: WireOuter;
  readonly secret: string;
}

export const hook: Hook = {
  urlField: 'events_url',
  plausible: (request, now) => signed(request, now) !== undefined,
  open,
  read: (event, listener, now) => (isSigned(event) ? read(event, listener, now) : undefined),
};

/** Headers of the right shape and time. They prove nothing yet. */
function signed(
  request: HookRequest,
  now: number,
): { readonly timestamp: string; readonly digest: string } | undefined {
  const timestamp = request.header('x-slack-request-timestamp') ?? '';
  // Exactly the form that the platform writes: another spelling of the same number would be another request.
  const [, digest] = /^v0=([0-9a-f]{64})$/.exec(request.header('x-slack-signature') ?? '') ?? [];
  if (digest === undefined || !/^\d{1,12}$/.test(timestamp)) return undefined;
  return Math.abs(now - Number(timestamp) * 1000) <= WINDOW_MS ? { timestamp, digest } : undefined;
}

function open(request: HookRequest, secrets: Credential, now: number): HookReading {
  const claim = signed(request, now);
  if (!claim) return { kind: 'refused', reason: 'bad_headers' };
  const secret = secrets['signing_secret'];
  if (!secret) return { kind: 'refused', reason: 'no_secret' };
  const expected = createHmac('sha256', secret).update(`v0:${claim.timestamp}:`).update(request.body).digest();
  if (!timingSafeEqual(expected, Buffer.from(claim.digest, 'hex'))) return { kind: 'refused', reason: 'bad_signature' };
  const outer = parseJson(Buffer.from(request.body).toString('utf8'));
  if (!isObject(outer)) return { kind: 'nothing' };
  return meaningOf(outer, secret);
}

function meaningOf(outer: WireOuter, secret: string): HookReading {
  if (outer.type === 'url_verification') {
    const { challenge } = outer;
    if (typeof challenge !== 'string' || challenge.length > MAX_CHALLENGE) return { kind: 'nothing' };
    return { kind: 'reply', contentType: 'text/plain', body: challenge };
  }
  if (outer.type !== 'event_callback' || typeof outer.team_id !== 'string' || outer.team_id === '') {
    return { kind: 'nothing' };
  }
  const event: SignedEvent = { outer, secret: fingerprintOf(secret) };
  return { kind: 'event', event, to: addresseeOf(outer) };
}

/** Stored in the clear to see whether it is still the same one: too short to find the secret by. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}

function isSigned(event: unknown): event is SignedEvent {
  return isObject(event) && isObject(event['outer']) && typeof event['secret'] === 'string';
}

/** The value of the cursor that says which secret proved itself last, and when. */
export function readProof(value: string | undefined): { readonly secret: string; readonly at: number } | undefined {
  const [secret, at] = (value ?? '').split(':');
  return secret && at && Number.isSafeInteger(Number(at)) ? { secret, at: Number(at) } : undefined;
}

/** Makes no call: people whom nobody in this process has looked up for the bot keep their ids. */
function read({ outer, secret }: SignedEvent, listener: Listener, now: number): Intake | undefined {
  const intake = eventIntake(outer, listener, now, (id) => knownName(listener.bot.identity, id));
  if (!intake) return undefined;
  const known = readProof(listener.cursors.get(CURSOR.events));
  if (known?.secret === secret && Math.abs(now - known.at) < PROOF_EVERY_MS) return intake;
  return { ...intake, cursors: [...intake.cursors, { name: CURSOR.events, value: `${secret}:${now}` }] };
}
