import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Fault } from './fault.ts';
import { flood } from './flood.ts';
import type { ChatRequest } from './request.ts';

export interface Call {
  readonly id: string;
  readonly request: ChatRequest;
  readonly fault: Fault | undefined;
  readonly response: ServerResponse;
  /** Aborts when the connection is gone, from whichever side. */
  readonly gone: AbortSignal;
  /** Hears the tokens that the model read or wrote, as they are billed. */
  billed(tokens: number): void;
  /** Hears how many bytes of a body that nobody can want have gone, as they were before compression. */
  flooded(bytes: number): void;
  /** Resolves at the next `release` that concerns this call, or when it is gone. */
  released(): Promise<void>;
}

/** Long enough for a word, short enough for several pieces in most answers. */
const PIECE_LENGTH = 16;
const LARGE_PIECE_LENGTH = 4_096;
const LARGE = 1_048_576;

/** Plays the call out. True: the client got a whole answer (an error status included). */
export async function play(call: Call): Promise<boolean> {
  const { fault, response } = call;
  if (fault?.kind === 'delay') await delay(fault.ms, call.gone);
  if (fault?.kind === 'hang') await call.released();
  if (call.gone.aborted) return false;
  if (fault?.kind === 'status') {
    sendError(response, fault.status, fault.code ?? null, `Simulated status ${fault.status}`, fault.retryAfter);
    return true;
  }
  if (fault?.kind === 'endless_error') {
    return flood(call, fault.status, 'application/json', '{"error":{"message":"', fault.gzip);
  }
  call.billed(promptTokens(call));
  if (fault?.kind === 'endless_line') return flood(call, 200, 'text/event-stream', 'data: ', fault.gzip);
  return call.request.stream ? stream(call) : complete(call);
}

function textFor({ fault, request }: Call): string {
  switch (fault?.kind) {
    case 'answer':
      return fault.text;
    case 'refusal':
      return fault.text ?? '';
    case 'trickle':
      return fault.text ?? 'drip '.repeat(100_000);
    case 'empty':
      return '';
    case 'large':
      return 'large answer '.repeat(Math.ceil((fault.characters ?? LARGE) / 13)).slice(0, fault.characters ?? LARGE);
    case 'echo_prompt':
      return request.messages.map(({ role, text }) => `[${role}] ${text}`).join('\n');
    default:
      return `Answer to: ${request.messages.findLast(({ role }) => role === 'user')?.text ?? ''}`;
  }
}

function finishOf(fault: Fault | undefined): string {
  if (fault?.kind === 'refusal') return 'content_filter';
  return fault?.kind === 'answer' ? (fault.finish ?? 'stop') : 'stop';
}

async function stream(call: Call): Promise<boolean> {
  const { fault, request, response } = call;
  const send = async (data: string): Promise<void> => {
    if (call.gone.aborted || response.write(`data: ${data}\n\n`)) return;
    await once(response, 'drain', { signal: call.gone }).catch(() => {});
  };
  const chunk = (choices: readonly unknown[], usage?: unknown) =>
    send(
      JSON.stringify({ ...envelope(call, 'chat.completion.chunk'), choices, ...(usage !== undefined && { usage }) }),
    );
  const delta = (content: Record<string, unknown>, finish: string | null = null) =>
    chunk([{ index: 0, delta: content, finish_reason: finish }]);

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  await delta({ role: 'assistant', content: '' });
  const breakAfter = (fault && 'afterPieces' in fault ? fault.afterPieces : undefined) ?? 1;
  let count = 0;
  let inWord = false;
  for (const piece of pieces(textFor(call), pieceLength(fault))) {
    if (count === breakAfter && !(await goesOn(call, send))) return false;
    if (fault?.kind === 'trickle') await delay(fault.everyMs, call.gone);
    if (call.gone.aborted) return false;
    // A word that goes on in this piece was counted with the last one.
    call.billed(words(piece) - (inWord && /^\S/.test(piece) ? 1 : 0));
    inWord = /\S$/.test(piece);
    await delta({ content: piece });
    count += 1;
  }
  // An answer of fewer pieces breaks at its end.
  if (count <= breakAfter && !(await goesOn(call, send))) return false;
  await delta({}, finishOf(fault));
  if (request.includeUsage && !fault?.withoutUsage) await chunk([], usage(call));
  await send('[DONE]');
  response.end();
  return !call.gone.aborted;
}

/** False: the stream is over. */
async function goesOn(
  { fault, response, released, gone }: Call,
  send: (data: string) => Promise<void>,
): Promise<boolean> {
  switch (fault?.kind) {
    case 'stall':
      await released();
      return !gone.aborted;
    case 'drop':
      // Without a turn of the loop the pieces before would be lost with the connection.
      await new Promise((resolve) => setImmediate(resolve));
      response.socket?.resetAndDestroy();
      return false;
    case 'end_early':
      response.end();
      return false;
    case 'malformed':
      await send('{"choices": [');
      response.end();
      return false;
    case 'stream_error':
      await send(JSON.stringify({ error: { message: 'Simulated error', type: 'server_error', code: null } }));
      response.end();
      return false;
    default:
      return true;
  }
}

async function complete(call: Call): Promise<boolean> {
  const { fault, response } = call;
  if (fault?.kind === 'stall') await call.released();
  if (call.gone.aborted) return false;
  if (fault?.kind === 'drop') {
    response.socket?.resetAndDestroy();
    return false;
  }
  if (fault?.kind === 'stream_error') {
    sendError(response, 500, null, 'Simulated error');
    return true;
  }
  const message = { role: 'assistant', content: textFor(call), refusal: null };
  call.billed(words(message.content));
  const choices = [{ index: 0, message, finish_reason: finishOf(fault) }];
  const body = JSON.stringify({ ...envelope(call, 'chat.completion'), choices, usage: usage(call) });
  const broken = fault?.kind === 'malformed' || fault?.kind === 'end_early';
  response.writeHead(200, { 'content-type': 'application/json' }).end(broken ? body.slice(0, body.length / 2) : body);
  return true;
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string | null,
  message: string,
  retryAfter?: string,
) {
  const type = status === 401 ? 'authentication_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  };
  response.writeHead(status, headers).end(JSON.stringify({ error: { message, type, param: null, code } }));
}

function envelope({ id, request }: Call, object: string) {
  return { id: `chatcmpl-${id}`, object, created: Math.floor(Date.now() / 1_000), model: request.model };
}

function pieceLength(fault: Fault | undefined): number {
  if (fault?.kind === 'trickle') return 1;
  return fault?.kind === 'large' ? LARGE_PIECE_LENGTH : PIECE_LENGTH;
}

function usage(call: Call) {
  const prompt = promptTokens(call);
  const completion = words(textFor(call));
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

const promptTokens = ({ request }: Call): number => request.messages.reduce((sum, { text }) => sum + words(text), 0);

/** No real tokenizer, but never zero for text. */
const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;

/** By code points, so that no piece begins with half a character. */
function* pieces(text: string, length: number): Generator<string> {
  let piece = '';
  for (const character of text) {
    piece += character;
    if (piece.length >= length) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
