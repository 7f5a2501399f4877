import type { Sender } from '../../src/core/connector.ts';
import type { Delivery, SendResult } from '../../src/core/delivery.ts';
import type { Failure } from '../../src/core/failure.ts';
import type { Process } from '../world/process.ts';
import type { Weather } from '../world/weather.ts';
import type { Platform } from './platform.ts';

const FAULTS = [
  'arrives_unanswered',
  'arrives_unanswered',
  'lost',
  'server_error',
  'unreachable',
  'limited_conversation',
  'limited_credential',
  'slow',
  'slow',
  'rejected',
] as const;

/** The longest that a request is on its way before it takes effect: below the margin between two owners, ms. */
const TRANSIT_MS = 400;

export function senderOn(
  platform: Platform,
  process: Process,
  weather: Weather,
  identity: string,
  token: string,
): Sender {
  const { random } = weather;
  const transit = () => (weather.latency ? random.between(1, TRANSIT_MS) : 1);

  async function send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const arrive = () => platform.take(delivery, identity, token, process.name);
    if (!weather.strikes('sends')) return process.request({ there: transit(), back: transit() }, arrive, signal);
    const fault = random.pick(FAULTS);
    weather.count(`send_${fault}`);
    if (fault === 'slow') {
      return process.request({ there: transit(), back: random.between(1_000, 20_000) }, arrive, signal);
    }
    const back = random.between(0, fault === 'lost' || fault === 'arrives_unanswered' ? 10_000 : 200);
    const waitMs = () => random.between(500, random.chance(0.1) ? 400_000 : random.pick([2_000, 20_000, 60_000]));
    const answer = (): SendResult => {
      if (fault === 'arrives_unanswered') arrive();
      return { ok: false, failure: failureOf(fault, waitMs) };
    };
    return process.request({ there: transit(), back }, answer, signal);
  }

  return {
    // Whoever cuts a call knows no more than that it may have arrived.
    send: (delivery, signal) => unlessCut(send(delivery, signal), signal),
    ...(platform.manner !== 'plain' && {
      lookUp: (delivery: Delivery) =>
        process.request({ there: transit(), back: transit() }, () => platform.lookUp(delivery)),
    }),
  };
}

function failureOf(fault: Exclude<(typeof FAULTS)[number], 'slow'>, waitMs: () => number): Failure {
  switch (fault) {
    case 'arrives_unanswered':
    case 'lost':
      return { kind: 'retry', delivered: 'unknown', reason: 'timeout' };
    case 'server_error':
      return { kind: 'retry', delivered: 'no', reason: 'server_error' };
    case 'unreachable':
      return { kind: 'retry', delivered: 'no', reason: 'unreachable' };
    case 'limited_conversation':
      return { kind: 'rate_limited', afterMs: waitMs(), scope: 'conversation' };
    case 'limited_credential':
      return { kind: 'rate_limited', afterMs: waitMs(), scope: 'credential' };
    case 'rejected':
      return { kind: 'rejected', reason: 'rejected' };
    default:
      return fault satisfies never;
  }
}

function unlessCut(sending: Promise<SendResult>, signal: AbortSignal): Promise<SendResult> {
  const cut: SendResult = { ok: false, failure: { kind: 'retry', delivered: 'unknown', reason: 'aborted' } };
  return new Promise((resolve) => {
    const abort = () => resolve(cut);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void sending.then((result) => {
      signal.removeEventListener('abort', abort);
      resolve(result);
    });
  });
}
