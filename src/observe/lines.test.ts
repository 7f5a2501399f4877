import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lineWriter } from './lines.ts';

const failing = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

describe('lines of the log', () => {
  it('whose reader has gone are not written, and are no error', async () => {
    const tried: string[] = [];
    const stream = new Writable({
      write: (line, _, done) => {
        tried.push(String(line));
        done(tried.length < 2 ? null : failing());
      },
    });
    const write = lineWriter(stream);
    for (const line of ['one', 'two', 'three', 'four']) {
      write(line);
      await setImmediate();
    }
    // Nobody else listens: an error that is emitted would end this test's process.
    expect(tried).toEqual(['one', 'two']);
  });

  it('that throw at once do not throw further, and the next one is tried', () => {
    const tried: string[] = [];
    const stream = new Writable();
    stream.write = (line: unknown) => {
      tried.push(String(line));
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    const write = lineWriter(stream);
    write('one');
    write('two');
    expect(tried).toEqual(['one', 'two']);
  });
});
