import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

describe('slots', () => {
  const never = new AbortController().signal;
  const inLine = (slots: Slots, entered: string[], name: string, limit: number, wanted = never) =>
    slots.take('k', limit, wanted).then((got) => entered.push(got ? name : `not ${name}`));
  const settled = () => new Promise(setImmediate);

  it('lets so many in, then one for each that leaves, first come first served', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void inLine(slots, entered, name, 2);
    await settled();
    expect(entered).toEqual(['a', 'b']);
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'b', 'c']);
    void inLine(slots, entered, 'e', 2);
    slots.give('k');
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('who is not wanted any more leaves the line, and takes nobody a place', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    const gone = new AbortController();
    void inLine(slots, entered, 'a', 1);
    void inLine(slots, entered, 'b', 1, gone.signal);
    void inLine(slots, entered, 'c', 1);
    gone.abort();
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'not b', 'c']);
    expect(await slots.take('k', 1, gone.signal)).toBe(false);
    // One who is in already takes no notice of it.
    slots.give('k');
    expect(await slots.take('k', 1, never)).toBe(true);
  });

  it('a limit that changes lets in who waits; a limit of none is one', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    void inLine(slots, entered, 'a', 0);
    void inLine(slots, entered, 'b', 0);
    await settled();
    expect(entered).toEqual(['a']);
    void inLine(slots, entered, 'c', 3);
    await settled();
    expect(entered.toSorted()).toEqual(['a', 'b', 'c']);
  });
});
