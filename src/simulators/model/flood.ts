import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Call } from './answer.ts';

/** Bytes, before compression. More than a client's system takes in by itself, so that one that stops reading is seen. */
export const FLOOD = 64 * 1024 * 1024;
/** Digits that compression makes half as long and not less, since what repeats is further apart than it looks back. */
const CHUNK = Buffer.from(randomBytes(64 * 1024).toString('hex'));

/** True: the client has read all of it. */
export async function flood(
  { response, gone, flooded }: Call,
  status: number,
  contentType: string,
  opening: string,
  gzip = false,
): Promise<boolean> {
  async function* body() {
    yield Buffer.from(opening);
    for (let sent = 0; sent < FLOOD && !gone.aborted; sent += CHUNK.length) {
      flooded(CHUNK.length);
      yield CHUNK;
    }
  }
  response.writeHead(status, { 'content-type': contentType, ...(gzip && { 'content-encoding': 'gzip' }) });
  const sent = gzip ? pipeline(body, createGzip(), response) : pipeline(body, response);
  await sent.catch(() => {});
  return !gone.aborted;
}
